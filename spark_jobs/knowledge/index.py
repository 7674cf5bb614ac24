"""The articles of base flow in; one SQLite file flows out, in which any phrase of them is found: serving/laws.sqlite.

The index keeps no text of its own (contentless FTS5) and is built whole whenever the articles have changed; SQLite 3.40
cannot take rows out of such an index, and building takes seconds. The same articles give the same bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from schemas.contract import table_of
from spark_jobs.knowledge.bigrams import tokens
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import exists, read, version
from spark_jobs.lake.whole import writing

READ = ("law", "law_article")
# Days are text, as 2021-07-15, which sorts as they do; none is before and behind all of them.
FIRST, LAST = "0000", "9999"
LAYOUT = """
pragma page_size = 8192; pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -65536;
create table article (
    id integer primary key, law_key text, version_date text, article_no text, law_name text, chapter text, body text,
    valid_from text, valid_until text
);
create virtual table words using fts5(title, chapter, body, content='', tokenize='unicode61 remove_diacritics 0');
"""


@dataclass(frozen=True)
class Indexed:
    """An article with the law it stands in, from when to when that text holds."""

    law_key: str
    version_date: str
    article_no: str
    law_name: str
    chapter: str
    body: str
    valid_from: str
    valid_until: str


def index_file(home: Home) -> Path:
    """Where the index lies."""
    return home.serving / "laws.sqlite"


def renew_index(home: Home) -> int | None:
    """Builds the index if its tables have changed since, or are built by other rules; returns its articles then."""
    paths = {name: home.table("base", name) for name in READ}
    if not all(exists(path) for path in paths.values()):
        return None
    inputs = {name: str(version(path)) for name, path in paths.items()} | {"layout": LAYOUT}
    mark, file = Mark(home.state / "indexed_laws.json", inputs), index_file(home)
    if mark.is_current() and file.exists():
        return None
    articles = _articles(home)
    if not articles and not file.exists():
        return None
    count = build(file, articles)
    mark.keep()
    return count


def _articles(home: Home) -> list[Indexed]:
    """The articles that nobody has taken back, with the days of their laws' texts; of an unknown law always."""
    laws = {
        (row["law_key"], row["version_date"]): row for row in _standing(home, "law", "effective_date", "valid_until")
    }
    rows = _standing(home, "law_article", "law_name", "chapter", "article_text")
    return [
        Indexed(
            row["law_key"],
            str(row["version_date"]),
            row["article_no"],
            row["law_name"],
            row["chapter"] or "",
            row["article_text"],
            _day(law.get("effective_date"), FIRST),
            _day(law.get("valid_until"), LAST),
        )
        for row in rows
        for law in [laws.get((row["law_key"], row["version_date"]), {})]
    ]


def _standing(home: Home, table: str, *columns: str) -> list[dict[str, Any]]:
    """The key and these columns of the rows that nobody has taken back."""
    rows = read(home.table("base", table), [*table_of(f"base.{table}").key, *columns, "withdrawn_at"])
    standing: list[dict[str, Any]] = rows.filter(pc.is_null(rows["withdrawn_at"])).to_pylist()
    return standing


def _day(day: date | None, otherwise: str) -> str:
    return str(day) if day else otherwise


def build(path: Path, articles: Iterable[Indexed]) -> int:
    """Writes the index of these articles, those of the newest texts first; returns how many they are."""
    ordered = sorted(sorted(articles, key=_order), key=lambda one: (one.valid_until, one.valid_from), reverse=True)
    with writing(path) as part:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part, isolation_level=None)) as database:
            database.executescript(LAYOUT)
            database.execute("begin")
            rows = ((number, *astuple(article)) for number, article in enumerate(ordered, 1))
            database.executemany(f"insert into article values ({', '.join('?' * 9)})", rows)
            database.executemany("insert into words (rowid, title, chapter, body) values (?, ?, ?, ?)", _words(ordered))
            database.execute("create index article_by_law on article (law_key, article_no)")
            database.execute("commit")
            database.execute("insert into words (words) values ('optimize')")
    return len(ordered)


def _order(article: Indexed) -> tuple[str, str, int, str]:
    number = article.article_no.removeprefix("P").partition("-")[0]
    return article.law_key, article.version_date, int(number or 0), article.article_no


def _words(articles: list[Indexed]) -> Iterator[tuple[int, str, str, str]]:
    """The tokens of each article; names and headings repeat and are cut once."""
    known: dict[str, str] = {}
    for number, article in enumerate(articles, 1):
        for text in (article.law_name, article.chapter):
            if text not in known:
                known[text] = tokens(text)
        yield number, known[article.law_name], known[article.chapter], tokens(article.body)
