"""A file's cells flow in; a known share of them is spoiled, and what is spoiled how flows out as truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from schemas.contract import Column, FeedContract
from simulate.dangling import KIND, dangle
from simulate.marks import FAULT, PLANTED, SPARE
from simulate.meanings import meaning
from simulate.mess import nulls_of
from simulate.promises import broken, checked, verdict
from simulate.spoilers import Way, ways
from simulate.style import Style
from simulate.word_lists import Array, Table

DIRTY, TWICE, SPARE_DIRTY, FLAGGED = 0.015, 0.1, 0.7, 0.002
# How often a kind is tried against the others; what is not named counts 1.
WEIGHTS = {
    "missing": 3.0,
    "unknown_code": 3.0,
    "bad_date": 2.5,
    "bad_uscc": 2.0,
    "order": 2.0,
    "one_officer": 2.0,
    "too_long": 0.4,
    "too_old": 0.5,
}
FEWER, MORE = "少一列", "多一列"
WIDTHS = (FEWER, MORE)
ACROSS = "across"  # the verdict on a row that is right by itself and wrong beside others (expectations/rules)
# A second fault in a row must not hide the first, nor be hidden by it.
INDEPENDENT = ("missing", "unknown_code", "bad_item_code", "too_long")
# Rules that a text breaks by itself: what a spoiled one is thought to break is looked up.
OF_TEXT = frozenset({"codes", "pattern", "check", "check_digit", "length", "items"})
# Faults that move a date behind what another column calls its earliest.
POSTPONING = ("too_late", "future")


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
    unbelievable = {fault.row for fault in born if fault.verdict == "quarantine"}
    planted = [fault for fault in _planted(rows, cells) if fault.row not in unbelievable]
    every = np.arange(len(next(iter(cells.values()))))
    free = np.setdiff1d(every, [fault.row for fault in born + planted])
    if "cd_operation" in rows:
        free = free[rows["cd_operation"][free] != "D"]  # which need hold little: nothing can be missing there
    sound = free
    is_shared = SPARE in rows
    if is_shared:
        free = free[rows[SPARE][free]]
    dirty = free[rng.random(len(free)) < (SPARE_DIRTY if is_shared else DIRTY)]
    shared = _sharing(contract)
    kinds = _kinds(contract, [column for column in columns if column.name not in shared])
    faults = _spoil(_of_verdict(kinds, "quarantine"), dirty, rows, style, rng)
    clean = np.setdiff1d(free, dirty)
    flagged = clean[rng.random(len(clean)) < (SPARE_DIRTY if is_shared else FLAGGED)]
    faults += _doubt(_of_verdict(kinds, "flag"), flagged, rows, rng)
    sound = np.setdiff1d(sound, [fault.row for fault in faults])
    if "cd_operation" in rows:
        sound = sound[rows["cd_operation"][sound] == "I"]  # what is changed later is right then
    for row, column, code in dangle(contract, rows, sound, list(cells), rng):
        faults.append(Fault(row, column, KIND, ACROSS, code))
    for fault in faults:
        if fault.column:
            cells[fault.column][fault.row] = fault.value
    planted = [Fault(f.row, f.column, f.kind, f.verdict, str(cells[f.column][f.row])) for f in planted]
    return faults + planted + [Fault(f.row, f.column, f.kind, f.verdict, str(cells[f.column][f.row])) for f in born]


def _from_birth(columns: list[Column], rows: Table) -> list[Fault]:
    """Rows of firms whose code was issued wrong, where that code is written; a doubt does not count beside a reason."""
    if FAULT not in rows:
        return []
    born = [
        Fault(row, column.name, str(rows[FAULT][row]), verdict(column, "check_digit"), "")
        for column in columns
        if column.check or column.check_when
        for row in np.flatnonzero(rows[FAULT] != "").tolist()
        if checked(column, _document(column, rows, row), str(rows[column.name][row])) == {"check_digit"}
    ]
    rejected = {fault.row for fault in born if fault.verdict == "quarantine"}
    return [fault for fault in born if fault.verdict == "quarantine" or fault.row not in rejected]


def _planted(rows: Table, cells: dict[str, Array]) -> list[Fault]:
    """Rows that break a rule over several tables or dates, as their story has it; no single rule is broken there."""
    marks = rows.get(PLANTED, np.array([], dtype=object))
    told = [(row, *mark.split(":")) for row, mark in enumerate(marks.tolist()) if mark]
    return [Fault(row, column, kind, ACROSS, "") for row, column, kind in told if column in cells]


def _document(column: Column, rows: Table, row: int) -> str:
    """The code of the column that says which check holds."""
    return str(rows[column.check_when.column][row]) if column.check_when else ""


Kinds = dict[str, list[tuple[Column, Way]]]


def _kinds(contract: FeedContract, columns: list[Column]) -> Kinds:
    """What can be wrong with the columns, by kind, so that it says nothing of other columns."""
    earliest = {column.not_before for column in contract.columns}
    asking = {column.required_with for column in contract.columns}
    kinds: Kinds = {}
    for column in columns:
        for way in ways(column):
            if not (way.kind in POSTPONING and column.name in earliest) and not _is_another(contract, column, way):
                kinds.setdefault(way.kind, []).append((column, _of_filled(way) if column.name in asking else way))
    return kinds


def _sharing(contract: FeedContract) -> set[str]:
    """The columns that are read from the same cells as another one: what is wrong with one says something of both."""
    readers = Counter(
        known.heading for column in contract.columns if column.parse != "currency" for known in column.headings
    )
    return {column.name for column in contract.columns if any(readers[known.heading] > 1 for known in column.headings)}


def _of_filled(way: Way) -> Way:
    """The same, of cells that hold something: were an empty one filled, another column would have to be."""

    def spoil(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
        return None if nulls_of(rows[column.name][row : row + 1])[0] else way.spoil(rng, column, rows, row)

    return replace(way, spoil=spoil)


def _is_another(contract: FeedContract, column: Column, way: Way) -> bool:
    """A firm's code with another check digit, where that is a doubt only: another firm, which there is not."""
    held = meaning(contract, column) or ""
    return way.rule == "check_digit" and way.verdict == "flag" and held == "firm.uscc"


def _of_verdict(kinds: Kinds, expected: str) -> Kinds:
    chosen = {kind: [offer for offer in offers if offer[1].verdict == expected] for kind, offers in kinds.items()}
    return {kind: offers for kind, offers in chosen.items() if offers}


def _spoil(kinds: Kinds, dirty: Array, rows: Table, style: Style, rng: np.random.Generator) -> list[Fault]:
    """One fault a row, at times two; in text files some rows lose or gain a cell instead."""
    faults: list[Fault] = []
    for row in dirty.tolist():
        if style.suffix == "csv" and rng.random() < 1 / (len(kinds) + 1):
            faults.append(Fault(row, "", "width", "quarantine", WIDTHS[int(rng.integers(2))]))
            continue
        first = _one(kinds, row, rows, rng)
        second = _one(_beside(first, kinds), row, rows, rng) if first and rng.random() < TWICE else None
        faults += [fault for fault in (first, second) if fault]
    return faults


def _doubt(kinds: Kinds, flagged: Array, rows: Table, rng: np.random.Generator) -> list[Fault]:
    drawn = [_one(kinds, row, rows, rng) for row in flagged.tolist()]
    return [fault for fault in drawn if fault]


def _beside(first: Fault, kinds: Kinds) -> Kinds:
    """What can be wrong as well without the one fault hiding the other."""
    columns = {column.name: column for offers in kinds.values() for column, _ in offers}
    touched = {first.column} | _asked(columns[first.column])
    beside = {
        kind: [
            (column, way)
            for column, way in kinds[kind]
            if column.type != "date" and column.name not in touched and first.column not in _asked(column)
        ]
        for kind in INDEPENDENT
        if kind in kinds
    }
    return {kind: offers for kind, offers in beside.items() if offers}


def _asked(column: Column) -> set[str]:
    """The columns that a rule of this one looks at."""
    document = column.check_when.column if column.check_when else None
    fitted = column.fits.column if column.fits else None
    return {name for name in (document, fitted, column.required_with, column.not_before) if name}


def _one(kinds: Kinds, row: int, rows: Table, rng: np.random.Generator) -> Fault | None:
    """A fault of a drawn kind; another kind where the row has nothing for it."""
    if not kinds:
        return None
    weights = np.array([WEIGHTS.get(kind, 1.0) for kind in kinds])
    for kind in rng.choice(list(kinds), len(kinds), replace=False, p=weights / weights.sum()):
        offers = kinds[str(kind)]
        column, way = offers[int(rng.integers(len(offers)))]
        value = way.spoil(rng, column, rows, row)
        if value is not None and _is_as_meant(column, way, value, _document(column, rows, row)):
            return Fault(row, column.name, str(kind), way.verdict, value)
    return None


def _is_as_meant(column: Column, way: Way, value: str, document: str) -> bool:
    """Whether a spoiled text breaks the rule that it should and, where that is a doubt only, no harder one."""
    breaks = broken(column, value) | checked(column, document, value)
    is_broken = way.rule in breaks or way.rule not in OF_TEXT
    return is_broken and (way.verdict == "quarantine" or all(rule in column.flag for rule in breaks))
