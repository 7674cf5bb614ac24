"""The cells of one column of a chunk flow in; what each says, means and stands for flows out, once a distinct cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.citations import citations_in
from schemas.contract import Column, code_list
from spark_jobs.judging.arrays import FEW, Mask, chosen, is_null, matches, mended, without
from spark_jobs.judging.days import (
    day_doubts,
    read_dates,
    read_moments,
    read_months,
    read_term_begins,
    read_term_ends,
    read_written,
)
from spark_jobs.judging.numbers import Amounts, read_numbers
from spark_jobs.judging.quantities import QUANTITIES
from spark_jobs.judging.several import AND_OTHERS, LONG_NAME, codes_in, items, licences_in, people_in
from spark_jobs.judging.texts import SPACE, Texts, read_texts
from spark_jobs.lake.codes import code_of, code_spellings
from spark_jobs.lake.headings import scale_of
from spark_jobs.lake.regions import division_of_address

Rows = npt.NDArray[np.intp]
# So many cells show whether a dictionary is worth building: if half of them are repeated.
SAMPLE, TOO_FEW_TO_TELL = 4_000, 200
ROUNDED = "小数位数过多，已四舍五入"
# What a column is beside others: a key, which is compared with other keys; an amount of which no column takes the
# currency, so that it can only be yuan; a currency or a unit that stands in the cells of an amount.
Role = Literal["key", "yuan", "currency of an amount", "unit of an amount"]


@dataclass(frozen=True)
class Cells:
    """A column's cells as delivered (`raw`), what they say (`text`), and in the contract's type (`typed`).

    Where cells repeat, each distinct one is here once, and `places` says which of them each row holds: of the rows
    A, B, A the cells A, B and the places 0, 1, 0. `spelled`: what was looked up in the column's code list. `doubts`:
    what is doubtful about reading them, and of which. `foreign`: which amounts name another currency than yuan.
    """

    column: Column
    raw: pa.Array
    places: Rows | None
    text: pa.Array
    spelled: pa.Array
    typed: pa.Array
    doubts: tuple[tuple[str, Mask], ...] = ()
    foreign: Mask | None = None

    @classmethod
    def read(cls, column: Column, delivered: pa.Array, heading: str, role: Role | None = None) -> Cells:
        """The cells that a chunk holds under a heading, plain or as a dictionary."""
        raw, places = _distinct(delivered)
        read = read_texts(column, raw, _known(column.codes), is_key=role == "key" or column.refers is not None)
        if column.parse == "amount":
            return cls._of_amounts(column, raw, places, read, int(scale_of(column, heading)), is_yuan=role == "yuan")
        if quantity := QUANTITIES.get(str(column.parse)):
            typed, own = quantity(read.text, scale_of(column, heading), str(column.type))
            return cls(column, raw, places, read.text, read.text, typed, (*read.doubts, *own))
        spelled = _spelled(column, read.text, heading, role)
        typed = _typed(column, read.text, spelled)
        if column.parse == "people":
            read.doubts += _doubts_about_people(read.text, typed)
        doubts = (*read.doubts, *(day_doubts(read.text, typed) if column.type in ("date", "timestamp") else ()))
        return cls(column, raw, places, read.text, spelled, typed, doubts)

    @classmethod
    def _of_amounts(
        cls, column: Column, raw: pa.Array, places: Rows | None, read: Texts, scale: int, *, is_yuan: bool
    ) -> Cells:
        amounts, kind = Amounts.read(read.text), str(column.type)
        typed = amounts.values(scale, kind)
        foreign = amounts.are_foreign()
        if is_yuan:
            typed = without(typed, foreign)
        doubts = (*read.doubts, (ROUNDED, amounts.are_rounded(scale, kind)))
        return cls(column, raw, places, read.text, read.text, typed, doubts, foreign)

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


def _spelled(column: Column, text: pa.Array, heading: str, role: Role | None) -> pa.Array:
    """What is looked up in the column's code list."""
    if role == "currency of an amount":
        return Amounts.read(text).currencies()
    return Amounts.read(text).counted_in(int(scale_of(column, heading))) if role == "unit of an amount" else text


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


def _typed(column: Column, text: pa.Array, spelled: pa.Array) -> pa.Array:
    """The values in the contract's type; null for what is none."""
    kind = str(column.type)
    if column.codes and column.parse == "address":
        known = code_spellings(column.codes)
        return pa.array([cell and division_of_address(cell, known) for cell in spelled.to_pylist()], pa.string())
    if column.codes and column.separator:
        return _several_codes(column, spelled)
    if column.codes:
        return _codes(column.codes, spelled)
    if kind == "date":
        return read_written(TERMS.get(str(column.parse), read_dates)(text), text, column.written)
    if kind == "timestamp":
        return read_moments(text)
    if kind == "list":
        return _lists(text, column)
    return text if kind == "string" else read_numbers(text, kind)


TERMS = {"term_begin": read_term_begins, "term_end": read_term_ends, "month": read_months}


@cache
def _known(codes: str | None) -> frozenset[str]:
    """The spellings that a list knows."""
    return frozenset(code_spellings(codes)) if codes else frozenset()


def _codes(name: str, spelled: pa.Array) -> pa.Array:
    """The code of each spelling; null for what the list does not know."""
    if len(spelled) <= FEW:
        return pa.array([cell and code_of(name, cell) for cell in spelled.to_pylist()], pa.string())
    spellings, codes = _spellings(name)
    found = codes.take(pc.index_in(spelled, spellings, skip_nulls=True))
    return mended(found, is_null(found) & ~is_null(spelled), lambda cell: code_of(name, cell), spelled)


@cache
def _spellings(name: str) -> tuple[pa.Array, pa.Array]:
    """The spellings of a list, and the code of each."""
    known = code_spellings(name)
    return pa.array(known.keys(), pa.string()), pa.array(known.values(), pa.string())


def _several_codes(column: Column, spelled: pa.Array) -> pa.Array:
    """All codes of each cell as a list, or the gravest of them; null where one is not known."""

    def codes(cell: str | None) -> list[str] | None:
        known, unknown = codes_in(column, cell) if cell is not None else ([], [])
        return known if known and not unknown else None

    several = [codes(cell) for cell in spelled.to_pylist()]
    if column.parse != "gravest":
        return pa.array(several, pa.list_(pa.string()))
    gravity = {code.code: int(code.extra.get("gravity") or 0) for code in code_list(str(column.codes))}
    return pa.array([some and max(some, key=lambda code: gravity[code]) for some in several], pa.string())


# Lists whose cells may hold more than their items: what shows such a cell, and how it is read.
READ: dict[str | None, tuple[str, Callable[[Column, str], list[str] | None]]] = {
    "people": (r"[^\p{Han}·,，、;；]|[等无长]|不详|待定|主任|书记|科员|同志", people_in),
    "licences": ("[^0-9A-Za-z,，、;；]", licences_in),
    "citations": (".", lambda column, cell: citations_in(cell)),
}


def _lists(text: pa.Array, column: Column) -> pa.Array:
    """The items of each cell, each once, without space around them and without empty ones."""
    lists = _split(text, str(column.separator))
    strange, read = READ.get(column.parse, (None, items))
    odd = _has_repeated(lists)
    if strange:
        odd = odd | matches(text, strange)
    if not odd.any():
        return lists
    places = np.arange(len(text))
    places[odd] = len(text) + np.arange(odd.sum())
    looked_at = [read(column, cell) for cell in chosen(text, odd)]
    return pa.concat_arrays([lists, pa.array(looked_at, lists.type)]).take(pa.array(places))


def _doubts_about_people(text: pa.Array, people: pa.Array) -> list[tuple[str, Mask]]:
    """Where more people may be meant than are told apart."""
    has_long = np.zeros(len(text), bool)
    is_long = matches(people.flatten(), LONG_NAME)
    has_long[pc.list_parent_indices(people).filter(pa.array(is_long)).to_numpy()] = True
    doubts = [
        ("写着“等”，没有写出全部姓名", matches(text, AND_OTHERS)),
        ("有超过 4 个字的姓名，可能是几个人连在一起", has_long),
    ]
    return [(words, mask & ~is_null(people)) for words, mask in doubts if mask.any()]


def _split(text: pa.Array, separator: str) -> pa.Array:
    """The items of each cell as they stand there."""
    lists = pc.split_pattern_regex(text, separator)
    items = pc.utf8_trim(lists.values, SPACE)
    is_item = pc.not_equal(items, "").to_numpy(zero_copy_only=False)
    items_before = np.concatenate([[0], np.cumsum(is_item)])
    bounds = items_before[lists.offsets.to_numpy()].astype(np.int32)
    is_missing = pa.array(is_null(text)) if text.null_count else None
    return pa.ListArray.from_arrays(pa.array(bounds), items.filter(pa.array(is_item)), mask=is_missing)


def _has_repeated(lists: pa.Array) -> Mask:
    """Which lists hold an item twice."""
    items = lists.flatten().dictionary_encode()
    owners = pc.list_parent_indices(lists).to_numpy()
    pairs, times = np.unique(owners * max(1, len(items.dictionary)) + items.indices.to_numpy(), return_counts=True)
    repeated = np.zeros(len(lists), bool)
    repeated[pairs[times > 1] // max(1, len(items.dictionary))] = True
    return repeated
