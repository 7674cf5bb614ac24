"""A sheet whose rows hold several things side by side flows in; one with a row for each of them flows out.

A water station writes a row a moment with a column a factor; the contract says by `unfold` which headings are such
columns, and what stands beside each cell of theirs. An empty cell makes no row, unless its whole row is empty; a cell
may repeat what stands beside it behind its number: 3.2倍 where 倍 stands.
A bulletin lists in one row all that a sample failed in; the contract says by `split` which cells are such lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import FeedContract, Split, Unfold
from spark_jobs.lake.columns import LINES_A_PAGE
from spark_jobs.lake.headings import plain
from spark_jobs.landing.formats.matching import find_columns
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
    _refuse_pages(batch)
    filled = {place: _filled(batch.column(place)) for place in named}
    nowhere = pc.invert(_any(list(filled.values())))  # rows that are none, and rows without a value, stand once
    for count, (place, name) in enumerate(named.items()):
        rows = batch.filter(filled[place] if count else pc.or_(filled[place], nowhere))
        if rows.num_rows:
            said = [pa.repeat(pa.scalar(unfold.cells[name].get(column)), rows.num_rows) for column in beside]
            cells = [*(rows.column(other) for other in kept), *(one.cast(pa.string()) for one in said)]
            pages = pa.repeat(pa.scalar(name), rows.num_rows)
            yield _marked(rows, [*cells, _alone(rows.column(place), unfold.cells[name].values())], count, pages)


def _marked(rows: pa.RecordBatch, cells: list[pa.Array], count: int, pages: pa.Array) -> pa.RecordBatch:
    lines = pc.add(rows.column(LINE), pa.scalar(count * LINES_A_PAGE, pa.int64()))
    marks = [name for name in rows.schema.names if name in (RAW, FAULT, NUMBERS)]
    names = [*map(str, range(len(cells))), LINE, *marks, PAGE]
    return pa.RecordBatch.from_arrays([*cells, lines, *(rows.column(mark) for mark in marks), pages], names=names)


def _alone(cells: pa.Array, beside: Iterable[str]) -> pa.Array:
    """Numbers without what stands beside them anyway."""
    for said in beside:
        cells = pc.replace_substring_regex(cells, rf"([0-9])\s*{re.escape(said)}\s*$", r"\1")
    return cells


def _refuse_pages(batch: pa.RecordBatch) -> None:
    """The place of a row's page is taken by that of a value in its row."""
    if PAGE in batch.schema.names and batch.column(PAGE).null_count < batch.num_rows:
        raise Unreadable("这个数据集的一行含有多项内容，工作簿只能有一个有数据的工作表。请分文件报送。")


def split(contract: FeedContract, sheet: Sheet) -> Sheet:
    """The sheet with a row for each of the values that cells list; a row whose lists do not match stays as it is."""
    if not contract.split or not sheet.headings:
        return sheet
    found = find_columns(contract, sheet.headings)
    places = [found[name] for name in contract.split.columns if name in found]
    listed = contract.split
    batches = (rows for batch in sheet.batches for rows in _split_rows(batch, places, listed))
    return Sheet(sheet.headings, batches, sheet.encoding, sheet.told, sheet.numbers)


def _split_rows(batch: pa.RecordBatch, places: list[int], listed: Split) -> Iterator[pa.RecordBatch]:
    """One batch of the first values, of all rows; one of the second ones, of those that have such; and so on."""
    told = zip(*(batch.column(place).to_pylist() for place in places), strict=True)
    parts = [_side_by_side(cells, listed.separator) for cells in told]
    if max(map(len, parts), default=1) > 1:
        _refuse_pages(batch)
    for count in range(max(map(len, parts), default=1)):
        chosen = [row for row, several in enumerate(parts) if len(several) > count]
        rows = batch.take(pa.array(chosen, pa.int64())) if count else batch
        cells = [rows.column(place) for place in range(batch.schema.get_field_index(LINE))]
        for number, place in enumerate(places):
            cells[place] = pa.array([parts[row][count][number] for row in chosen], pa.string())
        own = rows.column(PAGE) if PAGE in rows.schema.names else pa.nulls(rows.num_rows, pa.string())
        yield _marked(rows, cells, count, pa.repeat(pa.scalar(f"第{count + 1}项"), rows.num_rows) if count else own)


def _side_by_side(cells: tuple[str | None, ...], separator: str) -> list[tuple[str | None, ...]]:
    """What cells list, side by side; the cells as they are where one lists more than another."""
    lists = [[part.strip() for part in re.split(separator, cell.strip())] if cell else None for cell in cells]
    lengths = {len(parts) for parts in lists if parts}
    if lengths in (set(), {1}) or len(lengths) > 1:
        return [cells]
    [length] = lengths
    return [tuple(parts[number] if parts else None for parts in lists) for number in range(length)]


def _filled(cells: pa.Array) -> pa.Array:
    return pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(cells)), 0), False)


def _any(several: list[pa.Array]) -> pa.Array:
    found = several[0]
    for one in several[1:]:
        found = pc.or_(found, one)
    return found
