"""A cell's number and its number format flow in; what the person saw flows out, where that is another value.

`0"."0,"万元"` shows 500000 as 50.0万元, `0.00"万元"` shows 50 as 50.00万元: both are half a million yuan, and a
heading in 万元 would make five thousand million of the first. `0000` shows 111 as 0111.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from spark_jobs.lake.headings import UNITS

_TOKEN = re.compile(r'"([^"]*)"|[\\!](.)|[_*].|\[([^\]]*)\]|(.)', re.DOTALL)
_SECTION = re.compile(r'(?:"[^"]*"|\\.|!.|\[[^\]]*\]|[^;])+', re.DOTALL)
# Formats that have a number and no code in a file, of those that change what is seen.
BUILT_IN = {9: "0%", 10: "0.00%"}
# A number as it is, as Excel and as Chinese programs call it.
_GENERAL = re.compile("General|G/通用格式", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_MONEY = re.compile("(?:人民币)?(元|圆|[十百千]元?|十?万元?|[百千]万元?|亿元?)(?:人民币|整)?")
_FOREIGN = re.compile(r"(?:[美港欧日英澳加新韩]|台|澳门|新台)[元币镑]|英镑|卢布|[A-Z]{0,2}[$€£]|USD|HKD|EUR|JPY|GBP")
_AS_CELLS_SAY = ("元", "万元", "亿元", "万", "亿")


@dataclass(frozen=True)
class Section:
    """One section of a format: it shows a number times `factor`, padded to `digits`, between literals."""

    condition: tuple[str, Decimal] | None
    factor: Decimal
    digits: int
    before: str
    after: str
    is_share: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it shows the number as it is."""
        return (
            not self.is_share
            and self.factor == 1
            and self.digits < 2
            and not _words(self.before)
            and not _words(self.after)
        )


def changes_what_is_seen(code: str) -> bool:
    """Whether a format shows another number than the cell holds, or a unit beside it."""
    return any(not section.is_plain for section in _sections(code))


def seen(code: str, stored: str, is_amount: bool, is_text: bool) -> str | None:
    """What a person sees of a number in a column of amounts, or of text; elsewhere the number itself.

    A number that is shown divided is stored in yuan. None where it is shown in a unit that makes another amount of it.
    """
    number = Decimal(stored)
    section = _section_for(_sections(code), number)
    if section is None or not (is_amount or is_text) or (section.is_share and not is_amount):
        return stored
    if section.is_share:
        return None
    if is_text and not is_amount:
        digits = stored.zfill(section.digits) if number == number.to_integral() and number >= 0 else stored
        is_literal = section.factor == 1 and not section.is_plain
        return f"{section.before.strip()}{digits}{section.after.strip()}" if is_literal else stored
    if money := _MONEY.fullmatch(_words(section.after)):
        return _with_unit(number, section.factor, money[1].replace("圆", "元"))
    if section.factor != 1:
        return f"{stored}元"
    literals = (_words(section.before), _words(section.after))
    return f"{stored}{next((sign for sign in literals if _FOREIGN.fullmatch(sign)), '')}"


def _with_unit(number: Decimal, factor: Decimal, unit: str) -> str | None:
    """An amount with its unit as cells have it; in yuan where it is shown divided, or in a unit that is seldom."""
    yuan = number * factor * UNITS[unit if unit.endswith("元") else f"{unit}元"]
    if factor != 1 and yuan != number:
        return None
    return f"{_plain(number)}{unit}" if factor == 1 and unit in _AS_CELLS_SAY else f"{_plain(yuan)}元"


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _section_for(sections: tuple[Section, ...], number: Decimal) -> Section | None:
    """The section that shows a number: by its condition, else by its sign."""
    if any(section.condition for section in sections):
        return next((s for s in sections if s.condition is None or _holds(s.condition, number)), None)
    if not sections:
        return None
    place = 0 if number > 0 or len(sections) == 1 else 1 if number < 0 else min(2, len(sections) - 1) % len(sections)
    return sections[0 if number == 0 and len(sections) == 2 else place]


def _holds(condition: tuple[str, Decimal], number: Decimal) -> bool:
    sign, bound = condition
    return {
        "<": number < bound,
        "<=": number <= bound,
        ">": number > bound,
        ">=": number >= bound,
        "=": number == bound,
        "<>": number != bound,
    }[sign]


@cache
def _sections(code: str) -> tuple[Section, ...]:
    return tuple(_section(section) for section in _SECTION.findall(code)[:4])


def _section(text: str) -> Section:
    """What a section does; shares, powers and fractions show the number itself."""
    condition = None
    number, before, after = "", "", ""
    for literal, sign in _tokens(_GENERAL.sub("0", text, count=1)):
        if sign.startswith("["):
            bound = _CONDITION.fullmatch(sign[1:])
            condition = (bound[1], Decimal(bound[2])) if bound else condition
        elif sign in ("%", "E", "e", "/", "@"):
            return Section(condition, Decimal(1), 0, "", "", is_share=sign == "%")
        elif sign and sign in "0#?.,":
            number, after = number + after.replace(".", "p") + sign, ""
        elif number:
            after += literal
        else:
            before += literal
    return Section(condition, _factor(number), _digits(number), before, after)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Each sign of a section: what it writes as it stands, or what it does."""
    for token in _TOKEN.finditer(text):
        quoted, escaped, bracket, sign = token.groups()
        if bracket is not None:
            yield (bracket[1:].split("-")[0], "") if bracket.startswith("$") else ("", f"[{bracket}")
        elif sign is not None:
            yield sign, sign
        else:
            yield quoted or escaped or "", ""


def _factor(number: str) -> Decimal:
    """Commas behind the digits divide by a thousand each, and digits behind a point that is a literal (p) by ten."""
    whole, _, rest = number.partition(".")
    commas = sum(len(part) - len(part.rstrip(",")) for part in (whole, rest))
    literal = sum(whole.partition("p")[2].count(sign) for sign in "0#?")
    return Decimal(1).scaleb(-3 * commas - literal)


def _digits(number: str) -> int:
    """The zeros that a number is padded to."""
    return len(number) if number and set(number) == {"0"} else 0


def _words(literal: str) -> str:
    """What a literal says; signs of yuan, signs around negatives and blanks say nothing."""
    said = literal.strip(" -+()￥¥")
    return said if re.search(r"[^\W\d_]|[$€£]", said) else ""
