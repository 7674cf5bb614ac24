"""A law's Markdown text flows in; its articles, in order, and the dates that it names flow out.

The text is as open collections have it: `# title`, lines on who passed and amended it, headings as `##`, and articles
that begin with 第X条, plain or in bold. A text without articles (案例, some 司法解释) comes in numbered pieces instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from schemas.citations import NUMERAL, article_no, number_of

INFO_END = "<!-- INFO END -->"
TITLE = re.compile(r"^#[ \u3000]+(?P<title>.+?)\s*$", re.MULTILINE)
HEADING = re.compile(r"^(?P<level>#{2,6})[ \u3000]*(?P<words>.*)$")
ARTICLE = re.compile(rf"^(?:\*\*)?第(?P<number>{NUMERAL})条(?:之(?P<inserted>{NUMERAL}))?(?:\*\*)?(?=[\s\u3000]|$)")
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
DAY = rf"(?P<year>[0-9]{{4}}|[〇○零一二三四五六七八九]{{4}})年(?P<month>{NUMERAL})月(?P<day>{NUMERAL})日"
ANY_DAY = re.compile(DAY)
# 本法自2021年7月15日起施行, 自公布之日起三十日后施行 is not understood.
IN_FORCE = re.compile(rf"自{DAY}起(?:施行|实施|执行)")
MARKS = re.compile(r"\*\*|<!--.*?-->|^>\s*", re.DOTALL)


@dataclass(frozen=True)
class Article:
    """One article (or piece, P1, P2 …) with its place in the text and the headings above it."""

    no: str
    order: int
    chapter: str
    text: str


@dataclass(frozen=True)
class LawText:
    """One text of a law: `version_date` is the day it was passed or last amended, None where the text tells none."""

    name: str
    version_date: date | None
    effective_date: date | None
    articles: tuple[Article, ...]


def read_law(text: str, title: str = "", version_date: date | None = None) -> LawText:
    """The law in a Markdown text; what is known of it otherwise goes before what the text says."""
    text = FRONT_MATTER.sub("", text.replace("\r\n", "\n"))
    head = TITLE.search(text)
    name = _plain(title or (head["title"] if head else ""))
    introduction, body = _parted(text[head.end() :] if head else text)
    passed = version_date or max(days_in(introduction), default=None)
    return LawText(name, passed, _in_force(body, passed), tuple(_articles(body)))


def _parted(text: str) -> tuple[str, str]:
    """The lines on who passed and amended the law, and the law itself."""
    if INFO_END in text:
        introduction, _, body = text.partition(INFO_END)
        return introduction, body
    lines = text.split("\n")
    begin = next((n for n, line in enumerate(lines) if HEADING.match(line) or ARTICLE.match(line.strip())), 0)
    return "\n".join(lines[:begin]), "\n".join(lines[begin:])


def days_in(text: str) -> Iterator[date]:
    """The days that a text names in Chinese, whole ones only."""
    for found in ANY_DAY.finditer(text):
        day = _day(found)
        if day:
            yield day


def _day(found: re.Match[str]) -> date | None:
    year, month, day = (number_of(found[part]) for part in ("year", "month", "day"))
    try:
        return date(year or 0, month or 0, day or 0)
    except ValueError:
        return None


def _in_force(body: str, passed: date | None) -> date | None:
    """The day from which the text holds: as its last such clause says.

    An amended text still says when the law first came into force; then, as without a clause, it is taken to hold from
    the day of the text (ours: the day stands in the decision that amended it).
    """
    named = [day for found in IN_FORCE.finditer(body) if (day := _day(found))]
    stated = named[-1] if named else None
    return max(stated, passed) if stated and passed else passed


def _articles(body: str) -> Iterator[Article]:
    """The articles, each with all of its paragraphs; in front of the first, and without any, every paragraph."""
    headings: dict[int, str] = {}
    taken: set[str] = set()
    lines: list[str] = []
    no, chapter, order = "", "", 0
    for line in [*body.split("\n"), "## "]:
        heading, article = HEADING.match(line), ARTICLE.match(line.strip())
        is_paragraph = not no and lines and line.strip()
        if (heading or article or is_paragraph) and lines:
            order += 1
            yield Article(no or f"P{order}", order, chapter, "\n".join(lines))
            no, lines = "", []
        if heading:
            level = len(heading["level"])
            headings = {other: words for other, words in headings.items() if other < level}
            headings[level] = _plain(heading["words"])
            continue
        if article:
            number = article_no(article["number"], article["inserted"])
            no = number if number not in taken else ""  # an annex counts from 1 again
            taken.add(number)
        if re.search(r"\w", plain := _plain(line)):  # not a brace, nor signs that nobody sees
            chapter = " ".join(filter(None, headings.values())) if not lines else chapter
            lines.append(plain)


def _plain(line: str) -> str:
    """A line without Markdown, and without the blanks that stand for indents."""
    return re.sub(r"[\s\u3000]+", " ", MARKS.sub("", line)).strip()
