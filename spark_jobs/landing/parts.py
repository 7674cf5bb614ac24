"""Names of files flow in; which of them, delivered at once, are parts of one list flows out.

Files of one archive are parts, and files whose names differ only in a number at the end (_1 _2, （3）, 第三部分, 1of3)
or the beginning (第1部分), or in a region (武汉, 420100). A date in a name makes another edition, not another part:
lists of two months in one archive are two lists. Whoever is taken for a list of its own by mistake withdraws too much,
and is held.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from schemas.contract import code_list

SUFFIX = re.compile(r"(?:\.(?:csv|txt|tsv|xlsx|xls|et|json|jsonl|ndjson|parquet|zip|gz))+$", re.IGNORECASE)
# 2026-10-01, 20261001, 2026年10月, 202610, 2026Q4, 2026_1, 10-01, 10月, 四季度.
EDITION = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-_./年 ]?(?:Q[1-4]|[第]?[一二三四1-4]季度|\d{1,2}(?:[-_./月 ]?\d{1,2}日?)?月?)?(?!\d)"
    r"|(?<![\d_])\d{1,2}[-.月]\d{1,2}日?(?!\d)|(?<!\d)\d{1,2}月|[一二三四1-4]季度|Q[1-4](?!\d)",
    re.IGNORECASE,
)
DIGITS = "零一二三四五六七八九十"
NUMBER = re.compile(
    rf"(?<![A-Za-z0-9])(?:part|p|no)?[\s_.\-]*第?[\s_.\-]*[(（\[【]?(\d{{1,3}}|(?<=[第(（])[{DIGITS}]{{1,3}})[)）\]】]?"
    r"(?:部分|分册|份|册|卷|页|片|of\d+)?$|(?<=[A-Za-z]{3})[\s_.\-]*(\d{1,3})$",
    re.IGNORECASE,
)
# 1of3, （1／3）, _01_共3份, _1-3: the number, and how many parts there are in all.
OF_ALL = re.compile(
    r"[\s_.\-]*[(（\[【]?第?(?P<number>\d{1,2})(?:部分|份|册|卷)?(?:\s*(?:of|之|[/／∕])\s*|[\s_,，、(（]*共\s*)(?P<all>\d{1,2})"
    r"(?:部分|份|册|卷|个)?[)）\]】]?$|[_(（\[【](?P<one>[1-9])-(?P<several>[2-9])[)）\]】]?$",
    re.IGNORECASE,
)
# 第1部分 执法人员, 1_执法人员.
FIRST = re.compile(rf"^(?:第(\d{{1,3}}|[{DIGITS}]{{1,3}})(?:部分|份|册|卷)|(\d{{1,3}})[_.、\-\s])[_.、\-\s]*(?=\D)")
PLACE = "□"


class Name(NamedTuple):
    """What parts of one list have in common, and the number of this one, if it has any."""

    common: str
    number: int | None
    is_part: bool
    all: int | None = None


def named(file_name: str) -> Name:
    """How the name of a file reads: editions stay in what is common, places and a number at the end do not."""
    stem = SUFFIX.sub("", file_name.rpartition("/")[2])
    if of_all := _of_all(stem):
        own, several, before = of_all
        return named(before)._replace(number=own, is_part=True, all=several)
    editions = EDITION.findall(stem)
    rest = EDITION.sub("@", stem)
    found = NUMBER.search(rest) or FIRST.search(rest)
    number = _number(next(filter(None, found.groups()))) if found else None
    kept = rest[: found.start()] + rest[found.end() :] if found and number is not None else rest
    without = _places().sub(PLACE, kept)
    common = re.sub(rf"{PLACE}[{PLACE}\W_]*", PLACE, without).strip(" _-.")
    return Name(f"{common}|{'|'.join(editions)}", number, number is not None or PLACE in without)


def _of_all(stem: str) -> tuple[int, int, str] | None:
    """The number of a part, how many parts there are, and what stands before that."""
    found = OF_ALL.search(stem)
    if found is None:
        return None
    number, several = int(found["number"] or found["one"]), int(found["all"] or found["several"])
    return (number, several, stem[: found.start()]) if 1 <= number <= several > 1 else None


def lists(file_names: Iterable[str], inside: str) -> dict[str, tuple[str, ...]]:
    """The names that are parts of one list, by each of them; `inside` stands between an archive and what is in it.

    A name that no other belongs to is not there, unless it says itself that it is one of several.
    """
    known = list(dict.fromkeys(file_names))
    found: dict[str, list[str]] = defaultdict(list)
    for name in known:
        found[_list(name, inside)].append(name)
    several = (parts for parts in found.values() if len(parts) > 1 or named(parts[0]).all)
    return {name: tuple(parts) for parts in several for name in parts}


def _list(file_name: str, inside: str) -> str:
    """What a file shares with the other parts of its list, and with no other file."""
    archive, _, member = file_name.partition(inside)
    own = named(archive)
    whole = own.common if own.is_part else archive
    return f"{whole}{inside}{'|'.join(EDITION.findall(member))}" if member else whole


def gaps(file_names: Iterable[str], inside: str) -> int:
    """How many numbers are missing in the series that these names are, and of those that they say there are."""
    numbers: Mapping[str, set[int]] = defaultdict(set)
    wholes: dict[str, int] = {}
    for file_name in file_names:
        archive, _, member = file_name.rpartition(inside)
        name = named(member)
        if name.number is not None:
            series = f"{archive}{inside}{name.common}"
            numbers[series].add(name.number)
            if name.all:
                wholes[series] = max(name.all, wholes.get(series, 0))
    several = {name: some for name, some in numbers.items() if len(some) > 1 or name in wholes}
    return sum(max(wholes.get(name, 0), max(some) - min(1, *some) + 1) - len(some) for name, some in several.items())


def _number(text: str) -> int | None:
    """一 to 九十九, or digits."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return DIGITS.index(text) if len(text) == 1 else None
    return (DIGITS.index(tens) if tens else 1) * 10 + (DIGITS.index(ones) if ones else 0)


@cache
def _places() -> re.Pattern[str]:
    """The divisions below the province by code and name, the longest first."""
    divisions = [code for code in code_list("region") if code.extra["level"] != "province"]
    words = {word for code in divisions for word in (code.code, code.label, *code.aliases) if len(word) > 1}
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
