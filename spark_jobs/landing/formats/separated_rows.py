"""Rows that were split into cells flow in; those that are none, with what is wrong with each, are set aside."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.landing.formats.separated_head import Head
from spark_jobs.landing.formats.sheet import (
    BROKEN,
    FAULT,
    HALF_A_CHARACTER,
    LINE,
    NO_NUMBERING,
    RAW,
    WRONG_WIDTH,
    Source,
    long_cells,
    set_aside,
)
from spark_jobs.landing.formats.utf8_stream import Text

NUMBERING = r"^\s*[0-9]{0,9}\s*$"
SWALLOWED = "单元格内含有整行数据，引号没有成对"


def without_blank(batch: pa.RecordBatch, head: Head) -> pa.RecordBatch:
    """Leaves out lines with nothing in any cell, or with nothing but their number: they are not rows."""
    places = [place for place in range(head.width) if place not in head.nameless.numbering]
    blank = _is_blank(batch.column(places[0]))
    for place in places[1:]:
        if not pc.any(blank).as_py():
            return batch
        blank = pc.and_(blank, _is_blank(batch.column(place)))
    return batch.filter(pc.invert(blank))


def _is_blank(cells: pa.Array) -> pa.Array:
    return pc.or_(pc.equal(cells, ""), pc.utf8_is_space(cells))


def judged(source: Source, batch: pa.RecordBatch, head: Head, text: Text) -> Iterator[pa.RecordBatch]:
    """Sets aside rows with something in a nameless column, a cell that is too long, or rows inside a cell."""
    faults = _broken(batch, head) if text.damage.places else {}
    for position, fault in long_cells(batch, source.limits.cell).items():
        faults.setdefault(position, fault)
    for column in head.nameless.others:
        for position in pc.indices_nonzero(pc.not_equal(batch.column(column), "")).to_pylist():
            if batch.column(column)[position].as_py().strip():
                faults.setdefault(position, WRONG_WIDTH)
    for column in head.nameless.numbering:
        for position in pc.indices_nonzero(
            pc.invert(pc.match_substring_regex(batch.column(column), NUMBERING))
        ).to_pylist():
            faults.setdefault(position, NO_NUMBERING)
    if text.is_quoted and head.width > 1:
        for position in _swallowing(batch, head):
            faults.setdefault(position, SWALLOWED)
    for part in set_aside(batch, faults):
        yield _named(part, head)


def _named(batch: pa.RecordBatch, head: Head) -> pa.RecordBatch:
    """The columns that have a heading, and what is said of each row."""
    columns = [*(batch.column(place) for place in head.named), *(batch.column(name) for name in (LINE, RAW, FAULT))]
    return pa.RecordBatch.from_arrays(columns, [*map(str, range(len(head.named))), LINE, RAW, FAULT])


def _broken(batch: pa.RecordBatch, head: Head) -> dict[int, str]:
    """The rows that hold half a character."""
    return {
        position: HALF_A_CHARACTER
        for column in range(head.width)
        for position in pc.indices_nonzero(pc.match_substring(batch.column(column), BROKEN)).to_pylist()
    }


def _swallowing(batch: pa.RecordBatch, head: Head) -> Iterator[int]:
    """The rows with a cell one of whose lines is a row itself: two stray quotes have swallowed what lay between."""
    width = head.width
    for column in range(width):
        cells = batch.column(column)
        if not _has_line_break(cells):
            continue
        broken = pc.or_(pc.match_substring(cells, "\n"), pc.match_substring(cells, "\r"))
        for position in pc.indices_nonzero(broken).to_pylist():
            lines = cells[position].as_py().splitlines()
            if any(map(partial(_is_row, head), lines)) or _is_end_and_begin(lines, column, head):
                yield position


def _is_row(head: Head, line: str) -> bool:
    return line.count(head.delimiter) >= head.width - 1 and _width(line, head.delimiter) == head.width


def _is_end_and_begin(lines: list[str], column: int, head: Head) -> bool:
    """Whether the first line of a cell goes on as its row would, and the last begins as a row does, up to this cell."""
    counts = [line.count(head.delimiter) for line in (lines[0], lines[-1])]
    return len(lines) > 1 and 0 < column < head.width - 1 and counts == [head.width - 1 - column, column]


def _has_line_break(cells: pa.StringArray) -> bool:
    """Whether any has one: asked of all at once, which few columns have, a tenth of what asking each cell takes."""
    _, offsets, characters = cells.buffers()
    ends = np.frombuffer(offsets, np.int32, len(cells) + 1, cells.offset * 4)
    text = characters.slice(ends[0], ends[-1] - ends[0]).to_pybytes() if characters else b""
    return b"\n" in text or b"\r" in text


def _width(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0
