"""Words flow in; the articles that hold all of them flow out, those in force first (`lakewarden search 行政处罚 听证`).

A law and an article (食品安全法 第一百一十条, 食品安全法110条) lead to the article itself. Other spellings of a word
are in synonyms.csv; any of them counts as the word.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from schemas.citations import NUMERAL, article_no, short_name
from spark_jobs.knowledge.bigrams import phrase, pieces

State = Literal["in_force", "not_yet", "ended"]
STATES: tuple[State, ...] = ("in_force", "not_yet", "ended")
# What a word weighs in a law's name, in the headings above the article, and in the article.
WEIGHTS = "5.0, 2.0, 1.0"
ARTICLE = re.compile(
    rf"(?P<law>[^第]*?(?!{NUMERAL})[^第\s]{{2,}}?)\s*第?\s*(?P<number>{NUMERAL})\s*条(?:之(?P<inserted>{NUMERAL}))?(?P<rest>.*)"
)
# Of words that stand in more articles than these none says much: what is in force comes as the index has it, newest
# first, and no article is weighed against another.
WEIGHED = 3_000
STATE = "case when valid_until < :day then 2 when valid_from > :day then 1 else 0 end"
# What the query can ask of the index, in the order of what is shown.
SHOWN = f"law_name, law_key, version_date, article_no, chapter, body, {STATE} as state"
AROUND = 30
"""Characters of the article on either side of the word."""


@dataclass(frozen=True)
class Hit:
    """An article, whether its text of the law is in force, and the part of it where the first word stands."""

    law_name: str
    version_date: str
    article_no: str
    chapter: str
    text: str
    snippet: str
    state: State


@dataclass(frozen=True)
class Found:
    """How many articles hold the words, and the first of them."""

    total: int
    hits: tuple[Hit, ...]


class Laws:
    """The index, open for questions."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def __enter__(self) -> Laws:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def search(self, query: str, day: date, limit: int = 10) -> Found:
        """What is found on a day: the article that the query names, else every article that holds all its words."""
        return self._named(query, day, limit) or self._holding(query.split(), day, limit)

    def _named(self, query: str, day: date, limit: int) -> Found | None:
        """The article of a law that the query names; of several laws those with the shortest names first."""
        asked = ARTICLE.fullmatch(query.strip())
        number = asked and article_no(asked["number"], asked["inserted"])
        if not asked or not number:
            return None
        law = short_name(asked["law"])
        rows = self._rows(
            f"select {SHOWN} from article where law_key in "
            "(select law_key from (select distinct law_key from article where law_key = :law"
            " or (instr(law_key, :law) and not exists (select 1 from article where law_key = :law))))"
            " and article_no = :number order by length(law_key), law_key, state, version_date desc",
            {"law": law, "number": number, "day": str(day)},
        )
        words = asked["rest"].split()
        return Found(len(rows), tuple(_hit(row, words) for row in rows[:limit])) if rows else None

    def _holding(self, words: Sequence[str], day: date, limit: int) -> Found:
        asked = " AND ".join(filter(None, map(_any_spelling, words)))
        if not asked:
            return Found(0, ())
        [[count]] = self._rows("select count(*) from words where words match :asked", {"asked": asked})
        total = int(str(count))
        values = {"asked": asked, "day": str(day), "limit": limit}
        if total <= WEIGHED:
            weighed = f"select rowid as id, bm25(words, {WEIGHTS}) as far from words where words match :asked"
            rows = self._rows(
                f"select {SHOWN} from ({weighed}) join article using (id)"
                " order by state, far, version_date desc, id limit :limit",
                values,
            )
        else:
            matching = "(select rowid as id from words where words match :asked) cross join article using (id)"
            rows = self._rows(f"select {SHOWN} from {matching} where {STATE} = 0 limit :limit", values)
            if len(rows) < limit:
                others = f"select {SHOWN} from {matching} where {STATE} <> 0 limit {limit - len(rows)}"
                rows += self._rows(others, values)
        return Found(total, tuple(_hit(row, words) for row in rows))

    def _rows(self, sql: str, values: dict[str, object]) -> list[tuple[object, ...]]:
        with closing(self._database.execute(sql, values)) as cursor:
            return cursor.fetchall()


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """What else a word may be called, by its normal form."""
    found: dict[str, tuple[str, ...]] = {}
    with (Path(__file__).parent / "synonyms.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            word = "".join(pieces(row["word"]))
            found[word] = (*found.get(word, ()), row["means"])
    return found


def _spellings(word: str) -> tuple[str, ...]:
    return (word, *synonyms().get("".join(pieces(word)), ()))


def _any_spelling(word: str) -> str:
    """The query for a word in any of its spellings."""
    asked = list(filter(None, map(phrase, _spellings(word))))
    return f"({' OR '.join(asked)})" if len(asked) > 1 else "".join(asked)


def _hit(row: tuple[object, ...], words: Sequence[str]) -> Hit:
    name, _, version, article, chapter, text, state = row
    assert isinstance(state, int)
    shown = snippet(str(text), [spelling for word in words for spelling in _spellings(word)])
    return Hit(str(name), str(version), str(article), str(chapter), str(text), shown, STATES[state])


def snippet(text: str, words: Sequence[str]) -> str:
    """The part of a text around the first word that it has, or its beginning, in one line."""
    line = re.sub(r"\s+", " ", text)
    places = list(_places(line, words))
    begin = max(0, min(places, default=0) - AROUND)
    end = max(begin + 2 * AROUND, min(places, default=0) + AROUND)
    return f"{'…' if begin else ''}{line[begin:end]}{'…' if end < len(line) else ''}"


def _places(line: str, words: Sequence[str]) -> Iterator[int]:
    """Where each word begins, whatever stands between its letters that is none."""
    for word in words:
        loose = r"[\W_]*".join(re.escape(sign) for piece in pieces(word) for sign in piece)
        if loose and (found := re.search(loose, line, re.IGNORECASE)):
            yield found.start()
