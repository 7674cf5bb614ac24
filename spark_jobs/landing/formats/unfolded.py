"""A sheet whose rows hold several things side by side flows in; one with a row for each of them flows out.

A water station writes a row a moment with a column a factor; the contract says by `unfold` which headings are such
columns, and what stands beside each cell of theirs. An empty cell makes no row, unless its whole row is empty; a cell
may repeat what stands beside it behind its number: 3.2倍 where 倍 stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import FeedContract, Unfold
from spark_jobs.lake.columns import LINES_A_PAGE
from spark_jobs.lake.headings import plain
from spark_jobs.landing.formats.sheet import FAULT, LINE, NUMBERS, PAGE, RAW, Sheet, Unreadable


def unfolded(contract: FeedContract, sheet: Sheet) -> Sheet:
    """The sheet with a row a cell, if it has any of the headings that the contract unfolds; else as it is."""
    if not (unfold := contract.unfold):
        return sheet
    named = {place: name for place, heading in enumerate(sheet.headings) if (name := _named(unfold, heading))}
    if not named:
        return sheet
    kept = [place for place in range(len(sheet.headings)) if place not in named]
    headings = {column.name: column.headings[0].heading for column in contract.columns}
    beside = list(dict.fromkeys(column for said in unfold.cells.values() for column in said))
    told = [headings[column] for column in (*beside, unfold.value)]
    batches = (rows for batch in sheet.batches for rows in _rows(batch, named, kept, beside, unfold))
    return Sheet([*(sheet.headings[place] for place in kept), *told], batches, sheet.encoding, sheet.told)


def _named(unfold: Unfold, heading: str) -> str | None:
    """The heading of the contract that a delivered one is."""
    return next((name for written, name in unfold.headings.items() if plain(written) == plain(heading)), None)


def _rows(
    batch: pa.RecordBatch, named: dict[int, str], kept: list[int], beside: list[str], unfold: Unfold
) -> Iterator[pa.RecordBatch]:
    """One batch for each of the headings: its rows are numbered apart, as those of a workbook's pages are."""
    if PAGE in batch.schema.names and batch.column(PAGE).null_count < batch.num_rows:
        raise Unreadable("这个数据集的一行含有多项监测值，工作簿只能有一个有数据的工作表。请分文件报送。")
    filled = {place: _filled(batch.column(place)) for place in named}
    nowhere = pc.invert(_any(list(filled.values())))  # rows that are none, and rows without a value, stand once
    for count, (place, name) in enumerate(named.items()):
        rows = batch.filter(filled[place] if count else pc.or_(filled[place], nowhere))
        if rows.num_rows:
            said = [pa.repeat(pa.scalar(unfold.cells[name].get(column)), rows.num_rows) for column in beside]
            cells = [*(rows.column(other) for other in kept), *(one.cast(pa.string()) for one in said)]
            yield _marked(rows, [*cells, _alone(rows.column(place), unfold.cells[name].values())], count, name)


def _marked(rows: pa.RecordBatch, cells: list[pa.Array], count: int, name: str) -> pa.RecordBatch:
    lines = pc.add(rows.column(LINE), pa.scalar(count * LINES_A_PAGE, pa.int64()))
    marks = [name for name in rows.schema.names if name in (RAW, FAULT, NUMBERS)]
    pages = pa.repeat(pa.scalar(name), rows.num_rows)
    names = [*map(str, range(len(cells))), LINE, *marks, PAGE]
    return pa.RecordBatch.from_arrays([*cells, lines, *(rows.column(mark) for mark in marks), pages], names=names)


def _alone(cells: pa.Array, beside: Iterable[str]) -> pa.Array:
    """Numbers without what stands beside them anyway."""
    for said in beside:
        cells = pc.replace_substring_regex(cells, rf"([0-9])\s*{re.escape(said)}\s*$", r"\1")
    return cells


def _filled(cells: pa.Array) -> pa.Array:
    return pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(cells)), 0), False)


def _any(several: list[pa.Array]) -> pa.Array:
    found = several[0]
    for one in several[1:]:
        found = pc.or_(found, one)
    return found
