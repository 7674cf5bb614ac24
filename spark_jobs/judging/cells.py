"""The cells of one column of a chunk flow in; what each says, means and stands for flows out, once a distinct cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Column
from spark_jobs.judging.arrays import FEW, Mask, is_null
from spark_jobs.judging.days import read_dates, read_moments
from spark_jobs.judging.numbers import currency_words, read_amounts, read_numbers
from spark_jobs.judging.texts import read_texts
from spark_jobs.lake.codes import code_spellings
from spark_jobs.lake.headings import scale_of

Rows = npt.NDArray[np.intp]
# So many cells show whether a dictionary is worth building: if half of them are repeated.
SAMPLE, TOO_FEW_TO_TELL = 4_000, 200


@dataclass(frozen=True)
class Cells:
    """A column's cells as delivered (`raw`), what they say (`text`), and in the contract's type (`typed`).

    Where cells repeat, each distinct one is here once, and `places` says which of them each row holds: of the rows
    A, B, A the cells A, B and the places 0, 1, 0. `spelled`: what was looked up in the column's code list.
    """

    column: Column
    raw: pa.Array
    places: Rows | None
    text: pa.Array
    spelled: pa.Array
    typed: pa.Array

    @classmethod
    def read(cls, column: Column, delivered: pa.Array, heading: str) -> Cells:
        """The cells that a chunk holds under a heading, plain or as a dictionary."""
        raw, places = _distinct(delivered)
        text = read_texts(column, raw)
        spelled = currency_words(text) if column.parse == "currency" else text
        return cls(column, raw, places, text, spelled, _typed(column, text, spelled, heading))

    def by_row(self, mask: Mask) -> Mask:
        """What holds of cells, by row."""
        return mask if self.places is None else mask[self.places]

    def of_rows(self, values: pa.Array, rows: Rows | None = None) -> pa.Array:
        """What belongs to the cells of these rows, or of all."""
        if self.places is None:
            return values if rows is None else values.take(pa.array(rows))
        return values.take(pa.array(self.places if rows is None else self.places[rows]))

    def typed_rows(self, rows: Rows | None) -> pa.Array:
        """The typed values of these rows, or of all; texts that repeat as a dictionary, which Parquet takes as is."""
        if self.places is None or self.column.type != "string":
            return self.of_rows(self.typed, rows)
        distinct = self.typed.dictionary_encode()  # several spellings may have become one value
        places = pa.array(self.places if rows is None else self.places[rows])
        return pa.DictionaryArray.from_arrays(distinct.indices.take(places), distinct.dictionary, safe=False)


def _distinct(delivered: pa.Array) -> tuple[pa.Array, Rows | None]:
    """The distinct cells and which of them each row holds; all cells and None where few repeat."""
    if not pa.types.is_dictionary(delivered.type):
        if not _repeats(delivered):
            return delivered, None
        delivered = delivered.dictionary_encode()
    cells, places = delivered.dictionary, delivered.indices
    if places.null_count:
        places = pc.fill_null(places, len(cells))
        cells = pa.concat_arrays([cells, pa.nulls(1, cells.type)])
    return cells, places.to_numpy(zero_copy_only=False)


def _repeats(cells: pa.Array) -> bool:
    sample = cells.slice(0, SAMPLE)
    return len(sample) < TOO_FEW_TO_TELL or pc.count_distinct(sample).as_py() * 2 < len(sample)


def _typed(column: Column, text: pa.Array, spelled: pa.Array, heading: str) -> pa.Array:
    """The values in the contract's type; null for what is none."""
    kind = str(column.type)
    if column.codes:
        return _codes(column.codes, spelled)
    if column.parse == "amount":
        return read_amounts(text, scale_of(column, heading), kind)
    if kind == "date":
        return read_dates(text)
    if kind == "timestamp":
        return read_moments(text)
    if kind == "list":
        return _split(text, str(column.separator))
    return text if kind == "string" else read_numbers(text, kind)


def _codes(name: str, spelled: pa.Array) -> pa.Array:
    """The code of each spelling; null for what the list does not know."""
    if len(spelled) <= FEW:
        known = code_spellings(name)
        return pa.array([known.get(cell) for cell in spelled.to_pylist()], pa.string())
    spellings, codes = _spellings(name)
    return codes.take(pc.index_in(spelled, spellings, skip_nulls=True))


@cache
def _spellings(name: str) -> tuple[pa.Array, pa.Array]:
    """The spellings of a list, and the code of each."""
    known = code_spellings(name)
    return pa.array(known.keys(), pa.string()), pa.array(known.values(), pa.string())


def _split(text: pa.Array, separator: str) -> pa.Array:
    """The items of each cell, without space around them and without empty ones."""
    lists = pc.split_pattern_regex(text, separator)
    items = pc.utf8_trim(lists.values, " ")
    is_item = pc.not_equal(items, "").to_numpy(zero_copy_only=False)
    items_before = np.concatenate([[0], np.cumsum(is_item)])
    bounds = items_before[lists.offsets.to_numpy()].astype(np.int32)
    is_missing = pa.array(is_null(text)) if text.null_count else None
    return pa.ListArray.from_arrays(pa.array(bounds), items.filter(pa.array(is_item)), mask=is_missing)
