"""A legal basis flows in (《食品安全法》第一百一十条第二款); the articles that it cites flow out.

Laws are known by their name without 中华人民共和国 and without what stands behind it in brackets (2021年修订), since
no two collections agree on either. An article is known by its number: 110, or 120-1 for 第一百二十条之一.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "两": 2}
UNITS = {"十": 10, "百": 100, "千": 1000}
NUMERAL = "[0-9〇○零一二两三四五六七八九十百千]+"
ARTICLE = re.compile(
    rf"第(?P<article>{NUMERAL})条(?:之(?P<inserted>{NUMERAL}))?"
    rf"(?:第?(?P<paragraph>{NUMERAL})款)?(?:第?[（(]?(?P<item>{NUMERAL})[）)]?项)?"
)
# 第十条至第十二条 and 第十二、十三条.
SEVERAL = re.compile(rf"第(?P<first>{NUMERAL})(?:条)?[至到—\-~](?:第)?(?P<last>{NUMERAL})条")
LISTED = re.compile(rf"第(?P<listed>{NUMERAL}(?:、(?:第)?{NUMERAL})+)条")
TITLE = re.compile(r"《(?P<title>[^《》]*(?:[〈《][^〈〉《》]*[〉》][^《》]*)*)》")
BRACKETS = re.compile(r"[（(][^（）()]*[）)]")
STATE = "中华人民共和国"
# (ours) What spans more articles is not understood.
LONGEST_SPAN = 50


@dataclass(frozen=True)
class Citation:
    """A law by its short name, and the article, paragraph (款) and item (项) that are named; empty where none is."""

    law: str
    article: str = ""
    paragraph: str = ""
    item: str = ""

    def __str__(self) -> str:
        return "#".join((self.law, self.article, self.paragraph, self.item)).rstrip("#")


def number_of(numeral: str) -> int | None:
    """一百一十 is 110, 一〇五 and 105 are 105; None for what is no number: 十百, 一百二百."""
    if numeral.isascii():
        return int(numeral) if numeral.isdigit() else None
    if not any(sign in UNITS for sign in numeral):
        digits = [str(DIGITS[sign]) if sign in DIGITS else sign for sign in numeral]
        return int("".join(digits)) if all(digit.isdigit() for digit in digits) else None
    total, digit, least = 0, None, 10_000
    for sign in numeral:
        if sign in UNITS:
            if UNITS[sign] >= least or digit == 0:
                return None
            total, digit, least = total + (1 if digit is None else digit) * UNITS[sign], None, UNITS[sign]
        elif sign in DIGITS and digit in (None, 0):
            digit, least = DIGITS[sign], 11 if digit == 0 else least  # 一百零二, 一千零二十
        else:
            return None
    return None if digit and least > 11 and total else total + (digit or 0)  # 一百二 may be 120


def short_name(title: str) -> str:
    """A law's name as it is looked up: without 中华人民共和国, brackets and blanks."""
    return re.sub(r"[\s《》〈〉]", "", BRACKETS.sub("", title)).removeprefix(STATE)


def article_no(numeral: str, inserted: str | None = None) -> str:
    """The number of an article, 110 or 120-1; no text for what is none."""
    number, further = number_of(numeral), number_of(inserted) if inserted else 0
    if number is None or further is None:
        return ""
    return f"{number}-{further}" if further else str(number)


def citations(basis: str) -> list[Citation]:
    """What a text cites, in its order, each once; a law without an article is cited as a whole."""
    basis = re.sub(r"\s", "", basis)
    titles = [*TITLE.finditer(basis)]
    found: dict[Citation, None] = {}
    for place, title in enumerate(titles):
        end = titles[place + 1].start() if place + 1 < len(titles) else len(basis)
        law = short_name(title["title"])
        own = [*_articles(law, basis[title.end() : end])] if law else []
        found |= dict.fromkeys(own or ([Citation(law)] if law else []))
    return list(found)


def _articles(law: str, text: str) -> Iterator[Citation]:
    """The articles that stand behind a law's name."""
    place = 0
    while matches := [match for kind in (SEVERAL, LISTED, ARTICLE) if (match := kind.search(text, place))]:
        found = min(matches, key=lambda match: (match.start(), -match.end()))
        yield from _named(law, found)
        place = found.end()


def _named(law: str, found: re.Match[str]) -> Iterator[Citation]:
    if found.re is SEVERAL:
        first, last = number_of(found["first"]), number_of(found["last"])
        if first and last and 0 <= last - first <= LONGEST_SPAN:
            yield from (Citation(law, str(number)) for number in range(first, last + 1))
        else:
            yield Citation(law, f"{found['first']}至{found['last']}")  # not understood: no article has that number
    elif found.re is LISTED:
        for numeral in re.split("、第?", found["listed"]):
            yield Citation(law, article_no(numeral) or numeral)
    else:
        article = article_no(found["article"], found["inserted"]) or found["article"]
        further = [str(number_of(found[part]) or found[part]) if found[part] else "" for part in ("paragraph", "item")]
        yield Citation(law, article, *further)


def citations_in(basis: str) -> list[str]:
    """What a text cites, as law#article#paragraph#item."""
    return [str(citation) for citation in citations(basis)]
