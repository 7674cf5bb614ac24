"""Cells as delivered flow in; the text that they mean flows out, and what is doubtful about it.

Most cells need nothing of all this: a look at the bytes of all cells at once says so, and nothing is copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from unicodedata import category

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.characters import BLANKS, DISPLACED, UNSEEN, WIDE, narrowed, placed
from schemas.contract import Column
from spark_jobs.judging.arrays import (
    FEW,
    Mask,
    all_bytes,
    cell_bytes,
    is_ascii,
    is_null,
    is_true,
    matches,
    mended,
    without,
)
from spark_jobs.judging.garbled import lost_characters

SPACE = " \u3000\t\r\n"
# What departments and their programs write where they have nothing to say, in capitals and small letters.
NOTHING = (
    *("", "N/A", "NA", "#N/A", "#NA", "NULL", "NONE", "NAN", "NAT", r"\N", "无", "暂无", "不详", "待定", "[已脱敏]"),
    *("【已脱敏】", "-", "--", "/", "—", "——", "0000-00-00", "0000-00-00 00:00:00"),
)
SMALL_LETTER = r"\p{Ll}"
FULL_WIDTH = f"{WIDE[0]}-{WIDE[-2]}{WIDE[-1]}"
# ="0101", '0101, ‘0101, `0101: what keeps a spreadsheet from taking a code for a number.
FORCING = "'`‘’＇"
FORMULA_TEXT = re.compile('="(.*)"')
POINT_ZERO = re.compile("([0-9]+)[.]0+")
CAPITALS = "小写字母已改为大写"
POWER_OF_TEN = "^[+-]?[0-9]([.][0-9]+)?[Ee][+]?[0-9]+$"


def _spellings(word: str) -> set[str]:
    return {"".join(letters) for letters in product(*({one.lower(), one.upper()} for one in word))}


_NOTHINGS = frozenset(spelling for word in NOTHING for spelling in _spellings(word))
_LONGEST_NOTHING = max(len(word.encode()) for word in NOTHING)
_UNSEEN, _BLANKS = re.compile(f"[{UNSEEN}]"), re.compile(f"[{BLANKS}]")


def _is_byte(*several: int) -> Mask:
    """A table of 256 bytes: which are these."""
    return np.isin(np.arange(256), several)


_SPACES = _is_byte(*b" \t\r\n")
# Controls, and the first bytes of UTF-8 that signs without a shape begin with; of EF they are EF B8 and EF BB.
_UNSEEN_LEADS = _is_byte(*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xC2, 0xD8, 0xE1, 0xE2)
_FORCING_LEADS = _is_byte(*b"'`=", 0xE2, 0xEF)


@dataclass
class Texts:
    """What the cells of a column say (null where nothing), with every doubt about it: its words, and whose it is."""

    text: pa.Array
    doubts: list[tuple[str, Mask]] = field(default_factory=list)

    def become(self, text: pa.Array, words: str) -> None:
        """Puts other texts in the place of these, and notes where they differ."""
        changed = is_true(pc.not_equal(self.text, text))
        if changed.any():
            self.text = text
            self.doubts.append((words, changed))


def read_texts(column: Column, raw: pa.Array, known: frozenset[str] = frozenset(), *, is_key: bool = False) -> Texts:
    """What the cells of a column say; a word for nothing says nothing, unless the column's list knows it (`known`).

    Codes, keys, numbers and dates are in half-width characters without signs that nobody sees and without what forces a
    spreadsheet to keep text; codes, and keys that hold a digit, are in capitals. Names have full-width brackets.
    """
    read = Texts(_in_official_places(raw))
    is_prose = column.type == "string" and not (is_code(column) or is_key or column.parse)
    is_name = is_prose and column.name.endswith("_name")
    is_short = column.max_length is not None or column.parse == "people"
    if not is_prose or is_name or is_short:
        read.become(_without_unseen(read.text), "已去掉看不见的字符")
    read.text = _trimmed(read.text)
    if not is_prose:
        read.become(_without_forcing(read.text), "已去掉强制为文本的符号")
    read.text = _without_nothings(read.text, known)
    if is_code(column) or is_key:
        read.text = _half_width_capitals(read.text) if is_code(column) else _half_width(read.text)
        if not column.parse:
            read.become(_without_point_zero(read.text), "已去掉末尾的 .0")
        if not is_code(column):
            read.become(_capitals_of_codes(read.text), CAPITALS)
    elif is_name:
        read.text = _wide_brackets(read.text)
    elif not is_prose:
        read.text = _half_width(read.text)
    read.doubts += lost_characters(read.text, is_short=is_short)
    return read


def is_code(column: Column) -> bool:
    """Whether a column holds codes, in which small letters mean capitals."""
    return bool(column.check or column.check_when or column.codes)


def is_power_of_ten(text: pa.Array) -> Mask:
    """Which codes have become a number in powers of ten, 1.42010E+19, and so lost their digits."""
    data = all_bytes(text)
    if not ((data == ord("E")) | (data == ord("e"))).any():
        return np.zeros(len(text), bool)
    return matches(text, POWER_OF_TEN)


def has_small_letter(raw: pa.Array) -> Mask:
    """Which cells hold a small letter."""
    data = all_bytes(raw)
    if not len(data) or (int(data.max()) < 128 and not _some_small(data)):
        return np.zeros(len(raw), bool)
    if len(raw) > FEW:
        return matches(raw, SMALL_LETTER)
    return np.array([cell is not None and _is_small(cell) for cell in raw.to_pylist()], bool)


def _in_official_places(raw: pa.Array) -> pa.Array:
    if not _may_be_displaced(all_bytes(raw)):
        return raw
    return mended(raw, matches(raw, f"[{DISPLACED}]"), placed)


def _may_be_displaced(data: npt.NDArray[np.uint8]) -> bool:
    """By their first bytes: U+E000 to U+EFFF is EE, radicals are E2 BA to E2 BF, U+F900 to U+FAFF is EF A4 to EF AB."""
    if (data == 0xEE).any():
        return True
    lead, second = data[:-1], data[1:]
    is_radical = (lead == 0xE2) & (second >= 0xBA)
    return bool(is_radical.any() or ((lead == 0xEF) & (second >= 0xA4) & (second <= 0xAB)).any())


def _without_unseen(text: pa.Array) -> pa.Array:
    data = all_bytes(text)
    suspect = _UNSEEN_LEADS[data].any() or ((data[:-1] == 0xEF) & ((data[1:] == 0xB8) | (data[1:] == 0xBB))).any()
    if not suspect:
        return text
    return mended(text, _has(text, _UNSEEN, _BLANKS), lambda cell: _BLANKS.sub(" ", _UNSEEN.sub("", cell)).strip(SPACE))


def _has(text: pa.Array, *patterns: re.Pattern[str]) -> Mask:
    """Which cells hold what one of the patterns finds; RE2 does not read all that Python does."""
    cells = text.to_pylist()
    return np.array([cell is not None and any(one.search(cell) for one in patterns) for cell in cells], bool)


def _trimmed(text: pa.Array) -> pa.Array:
    """Without surrounding space; where no cell begins or ends with any, nothing is copied."""
    data, bounds = cell_bytes(text)
    filled = bounds[1:] > bounds[:-1]
    first, last = bounds[:-1][filled], bounds[1:][filled] - 1
    is_clean = not (
        _SPACES[data[first]].any()
        or _SPACES[data[last]].any()
        or _has_wide_space(data, first)
        or _has_wide_space(data, last - 2)
    )
    return text if is_clean else pc.utf8_trim(text, SPACE)


def _has_wide_space(data: npt.NDArray[np.uint8], begin: npt.NDArray[np.int32]) -> bool:
    """Whether a full-width space, E3 80 80, begins at any of these bytes."""
    inside = begin[(begin >= 0) & (begin + 2 < len(data))]
    inside = inside[data[inside] == 0xE3]
    return bool(((data[inside + 1] == 0x80) & (data[inside + 2] == 0x80)).any())


def _without_forcing(text: pa.Array) -> pa.Array:
    data, bounds = cell_bytes(text)
    begin = bounds[:-1][bounds[1:] > bounds[:-1]]
    if not _FORCING_LEADS[data[begin]].any():
        return text
    forced = matches(text, f'^(?:[{FORCING}]|=".*"$)')
    return mended(text, forced, _unforced)


def _unforced(cell: str) -> str:
    formula = FORMULA_TEXT.fullmatch(cell)
    return (formula[1] if formula else cell.strip(FORCING)).strip(SPACE)


def _without_nothings(text: pa.Array, known: frozenset[str]) -> pa.Array:
    _, bounds = cell_bytes(text)
    short = np.flatnonzero(np.diff(bounds) <= _LONGEST_NOTHING)
    if not len(short):
        return text
    nothings = _NOTHINGS - known if known else _NOTHINGS
    nothing = np.zeros(len(text), bool)
    if len(short) <= FEW:
        nothing[short] = [cell in nothings for cell in text.take(pa.array(short)).to_pylist()]
    else:
        nothing = is_true(pc.is_in(text, pa.array(sorted(nothings))))
    return without(text, nothing)


def _without_point_zero(text: pa.Array) -> pa.Array:
    data, bounds = cell_bytes(text)
    last = bounds[1:][np.diff(bounds) >= 3] - 1
    if not (data[last] == ord("0")).any() or not (data == ord(".")).any():
        return text
    return mended(text, matches(text, f"^{POINT_ZERO.pattern}$"), lambda cell: POINT_ZERO.sub(r"\1", cell))


def _wide_brackets(text: pa.Array) -> pa.Array:
    data = all_bytes(text)
    if not ((data == ord("(")) | (data == ord(")"))).any():
        return text
    return pc.replace_substring(pc.replace_substring(text, "(", "（"), ")", "）")


def _half_width(text: pa.Array) -> pa.Array:
    if is_ascii(text):
        return text
    return mended(text, _beyond_ascii(text, f"[{FULL_WIDTH}]", _is_wide), narrowed)


def _half_width_capitals(text: pa.Array) -> pa.Array:
    """In half-width capitals; letters that are not Latin have capitals too."""
    plain = is_ascii(text)
    if plain and not _some_small(all_bytes(text)):
        return text
    strange = np.zeros(len(text), bool)
    if not plain:
        strange = _beyond_ascii(text, f"[{SMALL_LETTER}{FULL_WIDTH}]", lambda cell: _is_wide(cell) or _is_small(cell))
    return mended(pc.ascii_upper(text), strange, lambda cell: narrowed(cell).upper())


def _capitals_of_codes(text: pa.Array) -> pa.Array:
    """Keys with a digit in capitals; one without, Birmingham, is a name and stays as it is."""
    capitals = _half_width_capitals(text)
    return text if capitals is text else pc.if_else(pc.match_substring_regex(text, "[0-9]"), capitals, text)


def _beyond_ascii(text: pa.Array, pattern: str, test: Callable[[str], bool]) -> Mask:
    """Which cells beyond ASCII match a pattern, or pass the test that means the same."""
    beyond = ~is_true(pc.string_is_ascii(text)) & ~is_null(text)
    places = np.flatnonzero(beyond)
    if len(places) > FEW:
        return beyond & matches(text, pattern)
    beyond[places] = [test(cell) for cell in text.take(pa.array(places)).to_pylist()]
    return beyond


def _is_wide(cell: str) -> bool:
    return re.search(f"[{FULL_WIDTH}]", cell) is not None


def _is_small(cell: str) -> bool:
    return any(category(letter) == "Ll" for letter in cell)


def _some_small(data: npt.NDArray[np.uint8]) -> bool:
    return bool(((data >= ord("a")) & (data <= ord("z"))).any())
