"""Arrow arrays of cells flow in; masks, bytes and mended arrays flow out, over which the rules are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
# Up to so many cells a look at each in Python is faster than to compile a pattern or to build a hash table for all.
FEW = 400


def is_true(condition: pa.Array) -> Mask:
    """Where a condition holds; where it is unknown it does not."""
    known = pc.fill_null(condition, False) if condition.null_count else condition
    mask: Mask = known.to_numpy(zero_copy_only=False)
    return mask


def is_null(values: pa.Array) -> Mask:
    """Where nothing stands."""
    return is_true(pc.is_null(values)) if values.null_count else np.zeros(len(values), bool)


def is_empty(text: pa.Array) -> Mask:
    """Where a text without a character stands."""
    mask: Mask = (np.diff(cell_bytes(text)[1]) == 0) & ~is_null(text)
    return mask


def matches(text: pa.Array, pattern: str) -> Mask:
    """Where a text matches a pattern (RE2)."""
    return is_true(pc.match_substring_regex(text, pattern))


def differs(text: pa.Array, pattern: str) -> Mask:
    """Where a text does not match a pattern (RE2); where there is none, nothing differs."""
    return is_true(pc.invert(pc.match_substring_regex(text, pattern)))


def cell_bytes(text: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """The bytes of all cells, and where in them each cell begins, with the end of the last behind."""
    _, offsets, data = text.buffers()
    if not len(text):
        return np.zeros(0, np.uint8), np.zeros(1, np.int32)
    bounds = np.frombuffer(offsets, np.int32, len(text) + 1, text.offset * 4)
    return np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8), bounds


def all_bytes(text: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of all cells, one behind the other."""
    data, bounds = cell_bytes(text)
    return data[bounds[0] : bounds[-1]]


def beginning(text: pa.Array, signs: npt.NDArray[np.bool_], most: int) -> npt.NDArray[np.intp]:
    """The places of the cells of at most so many bytes, and at least one, whose first two bytes are among `signs`.

    `signs`: for every pair of bytes whether it is one of them; behind a cell of one byte stands 0.
    """
    data, bounds = cell_bytes(text)
    lengths = np.diff(bounds)
    places = np.flatnonzero((lengths > 0) & (lengths <= most))
    first = bounds[:-1][places]
    second = np.where(lengths[places] > 1, data[np.minimum(first + 1, len(data) - 1)], 0) if len(places) else first
    found: npt.NDArray[np.intp] = places[signs[data[first].astype(np.intp) * 256 + second]]
    return found


def pairs_of(begins: Iterable[str]) -> npt.NDArray[np.bool_]:
    """The table that `beginning` asks: by how cells begin, in a byte and whatever is behind it, or in more."""
    table = np.zeros(1 << 16, bool)
    for begin in begins:
        some = begin.encode()
        if len(some) == 1:
            table[some[0] << 8 : (some[0] + 1) << 8] = True
        else:
            table[some[0] << 8 | some[1]] = True
    return table


def matches_some(text: pa.Array, places: npt.NDArray[np.intp], pattern: str) -> Mask:
    """Where a text is in one of these places and matches a pattern (RE2)."""
    found = np.zeros(len(text), bool)
    if len(places):
        found[places] = matches(text.take(pa.array(places)), pattern)
    return found


def is_ascii(text: pa.Array) -> bool:
    """Whether all cells are plain ASCII."""
    data = all_bytes(text)
    return not len(data) or int(data.max()) < 128


def without(values: pa.Array, where: Mask) -> pa.Array:
    """The values, with nothing where the mask is."""
    return pc.if_else(pa.array(where), pa.scalar(None, values.type), values) if where.any() else values


def mended(values: pa.Array, where: Mask, mend: Callable[[str], object], texts: pa.Array | None = None) -> pa.Array:
    """The values, some of them replaced by what `mend` makes of the cell, or of the text in the same place.

    For the few that are not written as most are: they are looked at one by one.
    """
    if not where.any():
        return values
    return replaced(values, where, [mend(text) for text in chosen(values if texts is None else texts, where)])


def chosen(values: pa.Array, where: Mask) -> list[Any]:
    """The values where the mask is."""
    cells: list[Any] = values.filter(pa.array(where)).to_pylist()
    return cells


def replaced(values: pa.Array, where: Mask, others: Sequence[object]) -> pa.Array:
    """The values, with the others, one by one, where the mask is."""
    if not where.any():
        return values
    return pc.replace_with_mask(values, pa.array(where), pa.array(others, values.type))
