"""Keys of rows flow in; 64 bits of each flow out, the same in any process, to find keys that are told twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spark_jobs.judging.arrays import cell_bytes, is_null
from spark_jobs.judging.cells import Rows

Hashes = npt.NDArray[np.uint64]
# A text is hashed as the sum of (a number of its byte × an odd number of the byte's place): two texts that differ agree
# as seldom as two numbers drawn from 2^64. The numbers are drawn once and for all.
_DRAWN = np.random.default_rng(20_260_801)
_OF_BYTE: Hashes = _DRAWN.integers(1 << 64, size=256, dtype=np.uint64)
_OF_PLACE: Hashes = _DRAWN.integers(1 << 64, size=4_096, dtype=np.uint64) | np.uint64(1)


def hash_rows(columns: Sequence[tuple[pa.Array, Rows | None]]) -> Hashes:
    """A hash of each row, from the values of its key's columns and which of them each row holds (None: its own)."""
    total: Hashes | None = None
    for place, (values, rows) in enumerate(columns):
        own = _hash_texts(values if pa.types.is_string(values.type) else values.cast(pa.string()))
        own = (own if rows is None else own[rows]) * _OF_PLACE[-1 - place]
        total = own if total is None else (total ^ (total >> np.uint64(29))) + own
    assert total is not None, "a contract has a key"
    return total


def count_repeated(hashes: Hashes) -> int:
    """How many of these are there already."""
    ordered = np.sort(hashes)
    return int((ordered[1:] == ordered[:-1]).sum())


def _hash_texts(text: pa.Array) -> Hashes:
    """A hash of each text, and 0 of none."""
    data, bounds = cell_bytes(text)
    begin, lengths = bounds[:-1].astype(np.int64), np.diff(bounds)
    place = np.arange(bounds[0], bounds[-1]) - np.repeat(begin, lengths)
    sums = np.cumsum(_OF_BYTE[data[bounds[0] : bounds[-1]]] * _OF_PLACE[place % len(_OF_PLACE)], dtype=np.uint64)
    until = np.concatenate([np.zeros(1, np.uint64), sums])[bounds - bounds[0]]
    hashes: Hashes = until[1:] - until[:-1]
    return np.where(is_null(text), np.uint64(0), hashes)
