"""A file's cells flow in; a known share of them is spoiled, and what is spoiled how flows out as truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from schemas.contract import Column, FeedContract
from simulate.mess import Style
from simulate.rows import FAULT, SPARE
from simulate.spoilers import Spoiler, flags, rejects
from simulate.word_lists import Array, Table

DIRTY, TWICE, SPARE_DIRTY, FLAGGED = 0.015, 0.1, 0.7, 0.002
# How often a kind is tried against the others; what is not named counts 1.
WEIGHTS = {
    "missing": 3.0,
    "unknown_code": 3.0,
    "bad_date": 2.5,
    "bad_uscc": 2.0,
    "order": 2.0,
    "too_long": 0.4,
    "too_old": 0.5,
}
FEWER, MORE = "少一列", "多一列"
WIDTHS = (FEWER, MORE)
# A second fault in a row must not hide the first, nor be hidden by it.
INDEPENDENT = ("missing", "unknown_code", "bad_item_code", "too_long")


@dataclass(frozen=True)
class Fault:
    """One spoiled cell; `row` counts the file's data rows from 0, a row of another width has no column."""

    row: int
    column: str
    kind: str
    verdict: str
    value: str


def soil(
    contract: FeedContract, rows: Table, cells: dict[str, Array], style: Style, rng: np.random.Generator
) -> list[Fault]:
    """Spoils cells in place; a row of another width is only noted, and made when the file is written."""
    columns = [column for column in contract.columns if column.name in cells]
    born = _from_birth(columns, rows)
    free = np.setdiff1d(np.arange(len(next(iter(cells.values())))), [fault.row for fault in born])
    is_shared = SPARE in rows
    if is_shared:
        free = free[rows[SPARE][free]]
    dirty = free[rng.random(len(free)) < (SPARE_DIRTY if is_shared else DIRTY)]
    faults = _spoil(_by_kind(columns, rejects), dirty, rows, style, rng)
    clean = np.setdiff1d(free, dirty)
    flagged = clean[rng.random(len(clean)) < (SPARE_DIRTY if is_shared else FLAGGED)]
    faults += _doubt(_by_kind(columns, flags), flagged, rows, rng)
    for fault in faults:
        if fault.column:
            cells[fault.column][fault.row] = fault.value
    return faults + [Fault(f.row, f.column, f.kind, f.verdict, str(cells[f.column][f.row])) for f in born]


def _from_birth(columns: list[Column], rows: Table) -> list[Fault]:
    """Rows of firms whose code was issued wrong, where that code is written."""
    codes = [
        column.name
        for column in columns
        if column.check_when or (column.check == "uscc" and column.name.endswith("uscc"))
    ]
    if FAULT not in rows:
        return []
    return [
        Fault(int(row), column, str(rows[FAULT][row]), "flag", "")
        for column in codes
        for row in np.flatnonzero((rows[FAULT] != "") & (rows[column] != ""))
    ]


Kinds = dict[str, list[tuple[Column, Spoiler]]]


def _by_kind(columns: list[Column], offers: Callable[[Column], Iterator[tuple[str, Spoiler]]]) -> Kinds:
    kinds: Kinds = {}
    for column in columns:
        for kind, spoiler in offers(column):
            kinds.setdefault(kind, []).append((column, spoiler))
    return kinds


def _spoil(kinds: Kinds, dirty: Array, rows: Table, style: Style, rng: np.random.Generator) -> list[Fault]:
    """One fault a row, at times two; in text files some rows lose or gain a cell instead."""
    faults: list[Fault] = []
    for row in dirty.tolist():
        if style.suffix == "csv" and rng.random() < 1 / (len(kinds) + 1):
            faults.append(Fault(row, "", "width", "quarantine", WIDTHS[int(rng.integers(2))]))
            continue
        first = _one(kinds, row, rows, rng, "quarantine")
        second = _one(_beside(first, kinds), row, rows, rng, "quarantine") if first and rng.random() < TWICE else None
        faults += [fault for fault in (first, second) if fault]
    return faults


def _doubt(kinds: Kinds, flagged: Array, rows: Table, rng: np.random.Generator) -> list[Fault]:
    drawn = [_one(kinds, row, rows, rng, "flag") for row in flagged.tolist()]
    return [fault for fault in drawn if fault]


def _beside(first: Fault, kinds: Kinds) -> Kinds:
    """What can be wrong as well without the one fault hiding the other."""
    touched = _touched(first.column)
    beside = {
        kind: [(column, spoil) for column, spoil in kinds[kind] if column.name not in touched and column.type != "date"]
        for kind in INDEPENDENT
        if kind in kinds
    }
    return {kind: offers for kind, offers in beside.items() if offers}


def _touched(column: str) -> tuple[str, ...]:
    """The columns a fault of this one says something about."""
    return (
        (column, "administrative_cp_document")
        if column == "administrative_cp_code"
        else (column, "administrative_cp_code")
    )


def _one(kinds: Kinds, row: int, rows: Table, rng: np.random.Generator, verdict: str) -> Fault | None:
    """A fault of a drawn kind; another kind where the row has nothing for it."""
    if not kinds:
        return None
    weights = np.array([WEIGHTS.get(kind, 1.0) for kind in kinds])
    for kind in rng.choice(list(kinds), len(kinds), replace=False, p=weights / weights.sum()):
        offers = kinds[str(kind)]
        column, spoiler = offers[int(rng.integers(len(offers)))]
        value = spoiler(rng, column, rows, row)
        if value is not None:
            return Fault(row, column.name, str(kind), verdict, value)
    return None
