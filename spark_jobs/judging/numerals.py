"""An amount in Chinese numerals flows in, capital or plain (壹万贰仟元整, 一万二千元); its number flows out."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

_USUAL_UNITS = str.maketrans("拾佰仟萬億圆圓", "十百千万亿元元")
_SPELLED = (
    str.maketrans("零壹贰叁肆伍陆柒捌玖〇一二三四五六七八九", "0123456789" * 2)
    | str.maketrans("两貳參陸正", "2236整")
    | _USUAL_UNITS
)
_NUMERALS = "零壹贰叁肆伍陆柒捌玖〇一二三四五六七八九两貳參陸拾十佰百仟千萬万億亿"
_AMOUNT = re.compile(r"(人民币:?)?([0-9十百千万亿]+)(?:(元)(?:0?([0-9])角)?(?:0?([0-9])分)?整?)?")
# One to four digits with their units: 一千二百三十四, 一千零四, 十二.
_SECTION = re.compile("(?:([1-9])千)?(?:0?([1-9])百)?(?:0?([1-9]?)十)?(?:0?([1-9]))?")


def with_usual_units(text: str) -> str:
    """Units as they are usually written: 仟 is 千, 萬 is 万."""
    return text.translate(_USUAL_UNITS)


def chinese_amount(cell: str) -> tuple[Decimal, bool] | None:
    """The number, and whether it says itself what it counts (元, 万): 伍佰元整 is 500 and does, 伍佰 does not."""
    if not any(sign in _NUMERALS for sign in cell[:6]) or any(sign.isdigit() and sign.isascii() for sign in cell):
        return None
    written = _AMOUNT.fullmatch(re.sub(r"\s", "", cell).translate(_SPELLED))
    number = _whole(written[2]) if written else None
    if written is None or number is None:
        return None
    is_named = bool(written[1] or written[3] or re.search("[万亿]", written[2]))
    if not is_named and written[2].isdigit():  # 一 may be a dash
        return None
    parts = Decimal(written[4] or 0) / 10 + Decimal(written[5] or 0) / 100
    return number + parts, is_named


def _whole(text: str) -> int | None:
    """A number of any size: 一万亿, 一亿二千万, 三十万零五百."""
    return _joined(text, "亿", 10**8, lambda part: _joined(part, "万", 10**4, _section))


def _joined(text: str, mark: str, unit: int, read: Callable[[str], int | None]) -> int | None:
    """What stands before a mark, so many times, and what stands behind it; None for 一万二, which may be 12,000."""
    above, found, below = text.rpartition(mark)
    if not found:
        return read(text)
    high, low = read(above), read(below) if below else 0
    return high * unit + low if high and low is not None and len(below) != 1 else None


def _section(text: str) -> int | None:
    """A number below ten thousand; None for 一百二, which may be 120, and for digits side by side."""
    digits = _SECTION.fullmatch(text)
    if text == "0":
        return 0
    if not text or digits is None or re.search("[百千][1-9]$|[^1-9]十", text):
        return None
    thousands, hundreds, tens, ones = digits.groups()
    tens = "1" if tens == "" else tens
    return sum(
        int(digit or 0) * unit
        for digit, unit in zip((thousands, hundreds, tens, ones), (1000, 100, 10, 1), strict=True)
    )
