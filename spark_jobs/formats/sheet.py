"""What every format becomes: headings and batches of text rows, or a reason why the file cannot be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

LINE, RAW, FAULT = "_line", "_raw", "_fault"
WRONG_WIDTH = "列数与表头不一致"
ROWS_A_BATCH = 20_000
# Of a row that is no row, this much of its text is kept.
KEPT = 1_000

# How many of these headings the contract promises.
Promised = Callable[[list[str]], int]


class Unreadable(Exception):
    """A file that cannot be taken; the message is what the department reads."""


@dataclass(frozen=True)
class Sheet:
    """A file opened for one reading: `batches` yields one text column a heading, then `_line`, `_raw` and `_fault`.

    The last two are null for a row that split into as many cells as there are headings; otherwise they are the row's
    text and why it is no row, and the cells are null.
    """

    headings: list[str]
    batches: Iterator[pa.RecordBatch]
    encoding: str


@dataclass(frozen=True)
class Faulty:
    """A row that is no row: its line, its text and what is wrong with it."""

    line: int
    text: str
    fault: str


def plain(heading: str) -> str:
    """A heading for comparison: full-width forms, brackets and spaces do not make it another one."""
    return "".join(unicodedata.normalize("NFKC", heading).split())


def beyond(what: str, found: float, limit: float, name: str) -> Unreadable:
    """The refusal of a file that is beyond a limit of its contract."""
    return Unreadable(f"{what} {found:,.0f}，超过上限 {limit:,.0f}（limits.{name}）。")


def text_batch(rows: Sequence[Sequence[str]], lines: Sequence[int], width: int) -> pa.RecordBatch:
    """Rows of text cells with their lines as a batch."""
    arrays = [pa.array([row[column] for row in rows], pa.string()) for column in range(width)]
    return with_lines(arrays, np.asarray(lines, dtype=np.int64))


def with_lines(cells: Sequence[pa.Array], lines: np.ndarray) -> pa.RecordBatch:
    """Columns of cells with their rows' lines as a batch of good rows."""
    nothing = pa.nulls(len(lines), pa.string())
    names = [*map(str, range(len(cells))), LINE, RAW, FAULT]
    return pa.RecordBatch.from_arrays([*cells, pa.array(lines, pa.int64()), nothing, nothing], names=names)


def faulty_batch(rows: Sequence[Faulty], width: int) -> pa.RecordBatch:
    """Rows that are no rows as a batch."""
    nulls = [pa.nulls(len(rows), pa.string()) for _ in range(width)]
    texts = [row.text if len(row.text) <= KEPT else f"{row.text[:KEPT]}…" for row in rows]
    kept = [pa.array(texts, pa.string()), pa.array([row.fault for row in rows], pa.string())]
    lines = pa.array([row.line for row in rows], pa.int64())
    return pa.RecordBatch.from_arrays([*nulls, lines, *kept], names=[*map(str, range(width)), LINE, RAW, FAULT])


def batched(rows: Iterator[tuple[int, Sequence[str]] | Faulty], width: int) -> Iterator[pa.RecordBatch]:
    """Batches of rows that come one by one, each as its line and cells or as faulty."""
    cells: list[Sequence[str]] = []
    lines: list[int] = []
    faulty: list[Faulty] = []
    for row in rows:
        if isinstance(row, Faulty):
            faulty.append(row)
        else:
            lines.append(row[0])
            cells.append(row[1])
        if len(cells) == ROWS_A_BATCH:
            yield text_batch(cells, lines, width)
            cells, lines = [], []
        if len(faulty) == ROWS_A_BATCH:
            yield faulty_batch(faulty, width)
            faulty = []
    if cells:
        yield text_batch(cells, lines, width)
    if faulty:
        yield faulty_batch(faulty, width)
