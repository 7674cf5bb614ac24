"""Markdown texts of laws flow in, as files or as lines of JSON; two files flow out that feeds law and law_article take.

`lakewarden law` calls it. A text that says of no day when it was passed is told and left out: without one it could not
be told which text of a law is newer.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from schemas.citations import short_name
from spark_jobs.knowledge.law_text import LawText, read_law
from spark_jobs.lake.home import Refused
from spark_jobs.lake.whole import write_whole

# 行政处罚法(2021-01-22).md
DATED = re.compile(r"(?P<title>.+?)[(（](?P<day>\d{4}-\d{2}-\d{2})[)）]")
CATEGORIES = ("宪法", "行政法规", "地方性法规", "部门规章", "司法解释")
UNNAMED = "法律"

Row = dict[str, Any]


def law_files(paths: Iterable[Path], source: str, say: Callable[[str], None]) -> dict[str, list[Row]]:
    """The rows of each feed, by the feeds' headings; of the same text twice the first."""
    laws: dict[tuple[str, str], Row] = {}
    articles: list[Row] = []
    for origin, category, law in texts(paths):
        if not law.name or law.version_date is None or not law.articles:
            lacking = "no title" if not law.name else "no date" if law.version_date is None else "no text"
            say(f"{origin}: left out: {lacking}")
            continue
        key = short_name(law.name), str(law.version_date)
        if key in laws:
            say(f"{origin}: left out: {law.name} of {law.version_date} is there already")
            continue
        named = {"法规名称": law.name, "文本日期": str(law.version_date)}
        laws[key] = {**named, "法规类别": category, "施行日期": str(law.effective_date), "来源": source}
        articles += [
            {**named, "条号": one.no, "顺序": one.order, "编章节": one.chapter or None, "条文": one.text}
            for one in law.articles
        ]
    return {"law": list(laws.values()), "law_article": articles}


def write_files(rows: dict[str, list[Row]], folder: Path, day: date) -> list[Path]:
    """Writes the rows as JSON Lines below the folder, where landing looks for them: <feed>/<feed>_<day>.jsonl."""
    written = []
    for feed, some in rows.items():
        path = folder / feed / f"{feed}_{day:%Y%m%d}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some))
        written.append(path)
    return written


def texts(paths: Iterable[Path]) -> Iterator[tuple[str, str, LawText]]:
    """Every text with where it is from and its category."""
    for path in paths:
        if path.is_dir():
            yield from texts(sorted(path.rglob("*.md")))
        elif path.name.endswith((".jsonl", ".jsonl.gz")):
            yield from _of_lines(path)
        elif path.suffix == ".md":
            yield _of_file(path)
        else:
            raise Refused(f"{path}: is no Markdown file, no folder of such, and no .jsonl or .jsonl.gz")


def _of_file(path: Path) -> tuple[str, str, LawText]:
    dated = DATED.fullmatch(path.stem)
    title, day = (dated["title"], date.fromisoformat(dated["day"])) if dated else ("", None)
    return str(path), category_of(str(path.parent)), read_law(path.read_text("utf-8"), title, day)


def _of_lines(path: Path) -> Iterator[tuple[str, str, LawText]]:
    """Lines of {title, date, category, text}; lines of one `law_id` are the parts of one law, in the order of paths."""
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")
    rows = [json.loads(line) for line in text.split("\n") if line]
    parts: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        parts.setdefault(str(row.get("law_id") or number), []).append(row)
    for own in parts.values():
        own = sorted(own, key=lambda row: (not _is_begin(row), str(row.get("path"))))
        first = own[0]
        whole = first["text"] + "".join(f"\n{_lowered(row['text'])}" for row in own[1:])
        day = date.fromisoformat(first["date"]) if first.get("date") else None
        yield f"{path}: {first['title']}", category_of(str(first.get("category"))), read_law(whole, first["title"], day)


def _is_begin(row: Row) -> bool:
    return str(row.get("path")).endswith("README.md")


def _lowered(text: str) -> str:
    """A part's own title as a heading of the whole."""
    return re.sub("^# ", "## ", text, count=1, flags=re.MULTILINE)


def category_of(words: str) -> str:
    """The category that a folder's name tells; a law (法律) where it tells none."""
    return next((category for category in CATEGORIES if category in words), "其他" if "案例" in words else UNNAMED)
