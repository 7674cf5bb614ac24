"""A cell in which several values stand flows in; the values flow out: codes of a list, people, licence numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from schemas.characters import narrowed
from schemas.contract import Column
from spark_jobs.judging.nothings import is_nothing
from spark_jobs.judging.texts import SPACE
from spark_jobs.lake.codes import code_of, code_spellings

# A longer cell names no people, a longer item is no licence: to look for them would take very long.
LONGEST_CELL, LONGEST_LICENCE = 500, 100
_QUOTES = "\"'“”‘’`"
# ["甲","乙"], （甲、乙）
_LISTED = re.compile(r"[\[(（【]([^\[\]()（）【】]*)[\])）】]")
_BREAK = re.compile(r"<br\s*/?>|\\[rn]", re.IGNORECASE)
_CIRCLED = re.compile("[①-⑳]")
# 1.甲 2.乙 · 1、甲；2、乙 · (1)甲(2)乙: numbers that count what follows.
_COUNT = re.compile(
    r"\((\d{1,2})\)[.、]?|(?:^|(?<=[^\d.]))(\d{1,2})(?:\)[.、]?|[.．])(?=\D)|(?:^|(?<=[\s;；,，。/、]))(\d{1,2})、(?=\D)"
)
_BETWEEN_LABELS = r"(?:以及|并处|[并及和与\s:.。·\\_—-])*"


def laid_out(cell: str) -> str | None:
    """The cell without what only lays it out: a list's brackets, line breaks as words, numbers that count the values.

    None where a number may count the only value, or be one itself: 1、罚款.
    """
    cell = _CIRCLED.sub("\n", _BREAK.sub("\n", cell.strip(SPACE)))
    whole = _LISTED.fullmatch(cell)
    cell = whole[1] if whole else cell
    counts = list(_COUNT.finditer(cell))
    numbers = [int(next(filter(None, count.groups()))) for count in counts]
    if not numbers or numbers != [*range(1, len(numbers) + 1)]:
        return cell
    if len(counts) == 1:
        return None if counts[0][3] else cell[: counts[0].start()] + cell[counts[0].end() :]
    return _COUNT.sub("\n", cell)


def items(column: Column, cell: str) -> list[str]:
    """What stands between the separators, each once, without quotation marks and blanks around it."""
    split = (item.strip(SPACE + _QUOTES) for item in re.split(f"(?:{column.separator})|\n", cell))
    return [*dict.fromkeys(item for item in split if item)]


def codes_in(column: Column, cell: str) -> tuple[list[str], list[str]]:
    """The codes that a cell names, each once, and what it holds that the list does not know.

    A label may itself hold a separator.
    """
    name = str(column.codes)
    if whole := code_of(name, cell):
        return [whole], []
    known, unknown = [], []
    out = laid_out(cell)
    for item in [cell] if out is None else items(column, out):
        found = _codes_of(name, item)
        known += found
        unknown += [] if found else [item]
    return [*dict.fromkeys(known)], unknown


def _codes_of(name: str, item: str) -> list[str]:
    """The code of an item; of labels that stand one behind the other (罚款并处没收违法所得) the code of each."""
    if code := code_of(name, item):
        return [code]
    labels = _labels(name)
    if not re.fullmatch(f"{_BETWEEN_LABELS}(?:(?:{labels}){_BETWEEN_LABELS})+", item):
        return []
    return [str(code_of(name, label)) for label in re.findall(labels, item)]


@cache
def _labels(name: str) -> str:
    """A pattern of every spelling of a list that is a word, the longest first."""
    words = sorted((word for word in code_spellings(name) if len(word) > 1 and not word.isascii()), key=len)
    return "|".join(map(re.escape, reversed(words))) or "(?!)"


# （17010000001）, 执法证号：17010000001, 鄂A-17010000001 in brackets: the number of a card beside a name.
_CARD = re.compile(
    r"[(\[<【][^()\[\]<>【】,、;/|\n]*[0-9]{6,}[^()\[\]<>【】,、;/|\n]*[)\]>】]?"
    r"|[:\s-]*(?:(?:行政)?执法证件?号?码?|证件?号码?|编号|警号|工号)?[:\s]*[A-Za-z]{0,4}-?[0-9]{6,}[0-9A-Za-z-]*"
)
_POST = "(?:第一|常务|副|正)?(?:科长|所长|局长|处长|股长|站长|队长|大队长|中队长|支队长|主任|书记|科员|主任科员|同志)"
_ROLE = (
    f"(?:{_POST}|副?组长|组员|成员|队员|(?:主办|协办|承办|主查|协查|主检|陪检|带队|领队|记录|负责|检查|执法|监督|办案|经办|调查|抽样"
    "|辅助|协管)(?:人员|人|员)?|.{0,6}专家)"
)
_ROLE_BEFORE, _ROLE_IN_BRACKETS = re.compile(f"^{_ROLE}:"), re.compile(rf"[(\[【]{_ROLE}[)\]】]")
_ROLE_BEHIND = re.compile(f"(?<=[\u4e00-\u9fff]{{2}}){_POST}$")
AND_OTHERS = "等(?:[0-9]+|[一二两三四五六七八九十]+)?[人名]?员?$"
_DOT = re.compile(r"(?<=[\u4e00-\u9fff])[•‧・･⋅∙.．·](?=[\u4e00-\u9fff])")
# Chinese names have up to four letters; longer ones of other peoples have a dot.
_LONGEST, LONG_NAME = 4, "^\\p{Han}{5,}$"


def people_in(column: Column, cell: str) -> list[str] | None:
    """The names of people, each once, without numbers, posts and roles beside them; None where it cannot be told."""
    out = laid_out(narrowed(cell)) if len(cell) <= LONGEST_CELL else None
    if out is None:
        return None
    names: dict[str, None] = {}
    for item in items(column, _CARD.sub(" ", out)):
        person = re.sub(AND_OTHERS, "", _ROLE_BEHIND.sub("", _ROLE_IN_BRACKETS.sub("", _ROLE_BEFORE.sub("", item))))
        person = person.strip(f"{SPACE}{_QUOTES}:-")
        if is_nothing(person):
            continue
        told_apart = list(_names(person))
        if not told_apart or any(name.isdigit() for name in told_apart):
            return None
        names |= dict.fromkeys(_DOT.sub("·", name) for name in told_apart)
    return [*names]


def _names(person: str) -> Iterator[str]:
    """Blanks stand between names, but for Latin ones, and inside a short one: 张 三 is one person.

    Nothing where they may be either: 欧阳 修 张三.
    """
    parts = person.split()
    if all(part.isascii() for part in parts):
        yield " ".join(parts)
    elif all(len(part) > 1 for part in parts):
        latin: list[str] = []
        for part in [*parts, ""]:
            if part.isascii() and part:
                latin.append(part)
                continue
            if latin:
                yield " ".join(latin)
                latin = []
            if part:
                yield part
    elif len(parts) < _LONGEST and len("".join(parts)) <= _LONGEST:
        yield "".join(parts)


# 张三17010000001, 张三：17010000001, No.17010000001: what stands before a licence's number and is none of it.
_BEFORE_NUMBER = re.compile(
    r"^(?:[\u4e00-\u9fff·]{2,4}(?<![证号第字])[:\s(\[-]*|(?:(?:行政)?执法)?证件?号?码?[:\s]*|No[.:]?\s*){1,4}"
    r"(?=[A-Z]{0,4}-?\d{6,})",
    re.IGNORECASE,
)
_POINT_ZERO = re.compile(r"(?<=\d)\.0+$")


def licences_in(column: Column, cell: str) -> list[str] | None:
    """The numbers of licences, each once, without the names beside them."""
    out = laid_out(narrowed(cell))
    if out is None:
        return None
    numbers: dict[str, None] = {}
    for item in items(column, out):
        number = _POINT_ZERO.sub("", _BEFORE_NUMBER.sub("", item)) if len(item) <= LONGEST_LICENCE else item
        number = number.strip(")]") if number != item else number
        if not is_nothing(number):
            numbers[number] = None
    return [*numbers]
