"""Cells as delivered flow in; the text that they mean flows out: without space, in half width, codes in capitals."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from unicodedata import category

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.characters import WIDE, narrowed
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

SPACE = " \u3000\t\r\n"
# What departments write where they have nothing to say, in whatever mixture of capitals and small letters.
NOTHING = ("", "N/A", "NA", "无", "-", "--", "/", "NULL", "[已脱敏]", "【已脱敏】")
SMALL_LETTER = r"\p{Ll}"
FULL_WIDTH = f"{WIDE[0]}-{WIDE[-2]}{WIDE[-1]}"

_NOTHINGS = frozenset(
    "".join(letters) for word in NOTHING for letters in product(*({one.lower(), one.upper()} for one in word))
)
_LONGEST_NOTHING = max(len(word.encode()) for word in NOTHING)
_ASCII_SPACE = np.isin(np.arange(256), np.frombuffer(b" \t\r\n", np.uint8))


def read_texts(column: Column, raw: pa.Array) -> pa.Array:
    """What the cells of a column say; nothing where they say so.

    Codes, numbers and dates are in half-width characters, codes in capitals; names have full-width brackets.
    """
    text = _without_nothings(_trimmed(raw))
    if is_code(column):
        return _capitals(text)
    if column.type == "string" and not column.parse:
        return _wide_brackets(text) if column.name.endswith("_name") else text
    if is_ascii(text):
        return text
    return mended(text, _beyond_ascii(text, f"[{FULL_WIDTH}]", _is_wide), narrowed)


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


def _trimmed(raw: pa.Array) -> pa.Array:
    """Without surrounding space; where no cell begins or ends with any, which is usual, nothing is copied."""
    data, bounds = cell_bytes(raw)
    filled = bounds[1:] > bounds[:-1]
    first, last = bounds[:-1][filled], bounds[1:][filled] - 1
    is_clean = not (
        _ASCII_SPACE[data[first]].any()
        or _ASCII_SPACE[data[last]].any()
        or _has_wide_space(data, first)
        or _has_wide_space(data, last - 2)
    )
    return raw if is_clean else pc.utf8_trim(raw, SPACE)


def _has_wide_space(data: npt.NDArray[np.uint8], begin: npt.NDArray[np.int32]) -> bool:
    """Whether a full-width space, E3 80 80, begins at any of these bytes."""
    inside = begin[(begin >= 0) & (begin + 2 < len(data))]
    inside = inside[data[inside] == 0xE3]
    return bool(((data[inside + 1] == 0x80) & (data[inside + 2] == 0x80)).any())


def _without_nothings(text: pa.Array) -> pa.Array:
    _, bounds = cell_bytes(text)
    short = np.flatnonzero(np.diff(bounds) <= _LONGEST_NOTHING)
    if not len(short):
        return text
    nothing = np.zeros(len(text), bool)
    if len(short) <= FEW:
        nothing[short] = [cell in _NOTHINGS for cell in text.take(pa.array(short)).to_pylist()]
    else:
        nothing = is_true(pc.is_in(text, pa.array(sorted(_NOTHINGS))))
    return without(text, nothing)


def _wide_brackets(text: pa.Array) -> pa.Array:
    data = all_bytes(text)
    if not ((data == ord("(")) | (data == ord(")"))).any():
        return text
    return pc.replace_substring(pc.replace_substring(text, "(", "（"), ")", "）")


def _capitals(text: pa.Array) -> pa.Array:
    """In half-width capitals; letters that are not Latin have capitals too."""
    plain = is_ascii(text)
    if plain and not _some_small(all_bytes(text)):
        return text
    strange = np.zeros(len(text), bool)
    if not plain:
        strange = _beyond_ascii(text, f"[{SMALL_LETTER}{FULL_WIDTH}]", lambda cell: _is_wide(cell) or _is_small(cell))
    return mended(pc.ascii_upper(text), strange, lambda cell: narrowed(cell).upper())


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
