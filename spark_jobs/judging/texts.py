"""Cells as delivered flow in; the text that they mean flows out, and what is doubtful about it.

Most cells need nothing of all this: a look at the bytes of all cells at once says so, and nothing is copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from unicodedata import category

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.characters import BLANKS, DISPLACED, UNSEEN, WIDE, narrowed, placed
from schemas.contract import Column, code_list
from spark_jobs.judging.arrays import (
    FEW,
    Mask,
    all_bytes,
    cell_bytes,
    differs,
    is_ascii,
    is_null,
    is_true,
    matches,
    mended,
)
from spark_jobs.judging.garbled import lost_characters
from spark_jobs.judging.nothings import without_nothings

SPACE = " \u3000\t\r\n"
SMALL_LETTER = r"\p{Ll}"
FULL_WIDTH = f"{WIDE[0]}-{WIDE[-2]}{WIDE[-1]}"
# ="0101", =T("0101"), '0101, ‘0101, `0101, "0101": what keeps a spreadsheet from taking a code for a number.
FORCING = "'`‘’＇´\"“”＂"
FORMULA_TEXT = re.compile(r"""=\s?(?:T\()?(["'])(.*)\1\)?""")
# 101.0, 101 .0, 101.: a number was made of it on the way.
POINT_ZERO = re.compile("([0-9]+) ?[.] ?0*")
# 20,261,102: digits in threes, which no code has.
IN_THREES = re.compile("[0-9]{1,3}(?:,[0-9]{3})+")
# A key that a person or a program has broken up: TS -1, 2026 1102 0001, 鄂DB 0270003.
BROKEN_UP = re.compile("[\u4e00-\u9fff]?[A-Za-z]{0,4}[ -]*[0-9][0-9 -]*")
DASHES = "‐‑‒–—―−﹘﹣"
DOTS, DOT_LEADS = "·•・", (0xC2, 0xE2, 0xE3)  # 鄂A·12345: the stamped point of a plate; their first bytes in UTF-8
UNFORCED, NO_POINT_ZERO = "已去掉强制为文本的符号", "已去掉末尾的 .0"
CAPITALS = "小写字母已改为大写"


_UNSEEN, _BLANKS = re.compile(f"[{UNSEEN}]"), re.compile(f"[{BLANKS}]")


def _is_byte(*several: int) -> Mask:
    """A table of 256 bytes: which are these."""
    return np.isin(np.arange(256), several)


_SPACES = _is_byte(*b" \t\r\n")
# Controls, and the first bytes of UTF-8 that signs without a shape begin with; of E3 and EF only with these behind.
_UNSEEN_LEADS = _is_byte(*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xC2, 0xCD, 0xD8, 0xE1, 0xE2, 0xF3)
_UNSEEN_BEHIND = {0xE3: _is_byte(0x85), 0xEF: _is_byte(0xB8, 0xBB, 0xBE, 0xBF)}
_FORCING_LEADS = _is_byte(*b"'`=\"", 0xC2, 0xE2, 0xEF)
_TIDY_SIGNS = _is_byte(*range(0x20), *b"'`=\".", 0x7F)
_PROSE_FORCING_LEADS = _is_byte(*b"'`=")


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
    read.become(_without_forcing(read.text, is_prose=is_prose), UNFORCED)
    read.text = without_nothings(read.text, known)
    if is_code(column) or is_key:
        read.text = _half_width_capitals(read.text) if is_code(column) else _half_width(read.text)
        if not (column.parse or column.separator):
            _mend_code(read, column)
        if not is_code(column):
            read.become(_capitals_of_codes(read.text), CAPITALS)
            if column.name.endswith("_name"):  # a name that is part of a key is a name nevertheless
                read.text = _wide_brackets(read.text)
    elif is_name:
        read.text = _wide_brackets(read.text)
    elif not is_prose:
        read.text = _half_width(read.text)
        if column.type in ("date", "timestamp"):
            read.become(_without_point_zero(read.text), NO_POINT_ZERO)
    elif column.pattern:
        read.become(_fitting(read.text, column.pattern), "已改为半角，并去掉多余的符号")
    read.doubts += lost_characters(read.text, is_short=is_short)
    says = ~is_null(read.text)  # of a cell that says nothing there is nothing to doubt
    read.doubts = [(words, doubted & says) for words, doubted in read.doubts]
    return read


def _mend_code(read: Texts, column: Column) -> None:
    """Takes off what was put into a code on the way; what check digits stand behind may be broken up anywhere.

    What the column's list spells with a blank or a dash has it by right: HJ 212-2017, 30–50万元.
    """
    read.become(_without_point_zero(read.text), NO_POINT_ZERO)
    data = all_bytes(read.text)
    if (data == ord(",")).any():
        in_threes = matches(read.text, f"^{IN_THREES.pattern}$")
        read.become(mended(read.text, in_threes, lambda cell: cell.replace(",", "")), "已去掉千位分隔符")
    if (data == 0xE2).any() or (data == 0xEF).any():
        dashed = matches(read.text, f"[{DASHES}]") & matches(read.text, "[0-9]")
        if column.codes:
            dashed &= ~is_true(pc.is_in(read.text, value_set=_spelled_with(DASHES, column.codes)))
        read.become(mended(read.text, dashed, lambda cell: re.sub(f"[{DASHES}]", "-", cell)), "横线已改为半角")
    if column.check == "plate" and np.isin(data, DOT_LEADS).any():
        dotted = matches(read.text, f"[{DOTS}]")
        read.become(mended(read.text, dotted, lambda cell: re.sub(f"[{DOTS}]", "", cell)), "已去掉中间的间隔号")
    if (data == ord(" ")).any():
        is_checked = column.check or column.check_when
        broken = matches(read.text, " " if is_checked else f"^{BROKEN_UP.pattern}$")
        if column.codes:
            broken &= ~is_true(pc.is_in(read.text, value_set=_spelled_with(" ", column.codes)))
        read.become(mended(read.text, broken, lambda cell: cell.replace(" ", "")), "已去掉中间的空格")


@cache
def _spelled_with(signs: str, codes: str) -> pa.Array:
    """The spellings of a list's codes that have one of the signs, as cells of codes are read."""
    spelled = {name for code in code_list(codes) for name in (code.code, code.label, *code.aliases)}
    return pa.array(sorted(narrowed(name).upper() for name in spelled if {*signs} & {*name}), pa.string())


def is_code(column: Column) -> bool:
    """Whether a column holds codes, in which small letters mean capitals."""
    return bool(column.check or column.check_when or column.codes)


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
    if not len(data) or (int(data.max()) < 128 and not _UNSEEN_LEADS[data].any()):
        return text
    behind = (second[data[1:][data[:-1] == lead]].any() for lead, second in _UNSEEN_BEHIND.items())
    if not (_UNSEEN_LEADS[data].any() or any(behind)):
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


def _without_forcing(text: pa.Array, *, is_prose: bool) -> pa.Array:
    data, bounds = cell_bytes(text)
    begin = bounds[:-1][bounds[1:] > bounds[:-1]]
    if not (_PROSE_FORCING_LEADS if is_prose else _FORCING_LEADS)[data[begin]].any():
        return text
    if is_prose:
        return mended(text, matches(text, "^['`=]"), _unforced_prose)
    return mended(text, matches(text, f"^[={FORCING}]"), _unforced)


def _unforced(cell: str) -> str:
    formula = FORMULA_TEXT.fullmatch(cell)
    return (formula[2] if formula else cell.strip(FORCING)).strip(SPACE)


def _unforced_prose(cell: str) -> str:
    """Prose may begin with a quotation: only a formula, or a mark that has no other, is taken off."""
    formula = FORMULA_TEXT.fullmatch(cell)
    if formula:
        return formula[2].strip(SPACE)
    is_alone = cell[0] != "=" and not any(mark in cell[1:] for mark in "'`‘’")
    return cell[1:].strip(SPACE) if is_alone else cell


def _fitting(text: pa.Array, pattern: str) -> pa.Array:
    """The cells, of which those that do not fit the pattern are tidied, if they fit it then."""
    data, fits = all_bytes(text), re.compile(pattern)
    if is_ascii(text) and not _TIDY_SIGNS[data].any():
        return text

    def tidied(cell: str) -> str:
        plain = _unforced(narrowed(_BLANKS.sub(" ", _UNSEEN.sub("", cell))))
        plain = POINT_ZERO.sub(r"\1", plain) if POINT_ZERO.fullmatch(plain) else plain
        return plain if fits.fullmatch(plain) else cell

    return mended(text, differs(text, f"^(?:{pattern})$") & matches(text, r"^\P{Han}{1,60}$"), tidied)


def _without_point_zero(text: pa.Array) -> pa.Array:
    data, bounds = cell_bytes(text)
    last = bounds[1:][np.diff(bounds) >= 2] - 1
    if not (data == ord(".")).any() or not ((data[last] == ord("0")) | (data[last] == ord("."))).any():
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
