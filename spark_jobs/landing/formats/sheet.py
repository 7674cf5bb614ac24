"""What every format comes down to: headings and batches of text rows, each with its line and what is wrong with it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import FeedContract, Limits

LINE, RAW, FAULT = "_line", "_raw", "_fault"
WRONG_WIDTH = "列数与表头不一致"
RAW_SHOWN = 1_000
ROWS_A_BATCH = 20_000
CHARACTERS_A_BATCH = 8 << 20


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
class Source:
    """A file to read, its name, and the contract it is to keep; `beat` says that work goes on."""

    path: Path
    name: str
    contract: FeedContract
    beat: Callable[[], None] = field(default=lambda: None)

    @property
    def limits(self) -> Limits:
        """What the file may cost."""
        return self.contract.delivery.limits if self.contract.delivery else Limits()

    @cached_property
    def _promised(self) -> frozenset[str]:
        return frozenset(plain(h.heading) for column in self.contract.columns for h in column.headings)

    def promised(self, headings: Sequence[str]) -> int:
        """How many of these headings the contract promises."""
        return len(self._promised & {plain(heading) for heading in headings if len(heading) <= RAW_SHOWN})


def excess(what: str, actual: int, limit: int, unit: str, key: str) -> Unreadable:
    """The refusal of a file that costs more than its contract allows."""
    return Unreadable(f"{what} {actual:,} {unit}，超过上限 {limit:,} {unit}（limits.{key}）。")


def plain(heading: str) -> str:
    """A heading for comparison: full-width forms, brackets and spaces do not make it another one."""
    return "".join(unicodedata.normalize("NFKC", heading).split())


def shown(text: str, most: int = RAW_SHOWN) -> str:
    """Text as a message or `_raw` may hold it: no longer than `most` characters, and can be stored."""
    kept = text if len(text) <= most else f"{text[:most]}…"
    return kept.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def split_rows(columns: Sequence[pa.Array], lines: pa.Array) -> pa.RecordBatch:
    """Rows that split into their cells."""
    nothing = pa.nulls(len(lines), pa.string())
    names = [*map(str, range(len(columns))), LINE, RAW, FAULT]
    return pa.RecordBatch.from_arrays([*columns, lines, nothing, nothing], names=names)


def unsplit_rows(rows: Sequence[tuple[int, str, str]], width: int) -> pa.RecordBatch:
    """Rows (line, text, fault) that are kept whole, because something is wrong with them."""
    nulls = [pa.nulls(len(rows), pa.string()) for _ in range(width)]
    whole = [
        pa.array([line for line, _, _ in rows], pa.int64()),
        pa.array([shown(text) for _, text, _ in rows], pa.string()),
        pa.array([fault for _, _, fault in rows], pa.string()),
    ]
    return pa.RecordBatch.from_arrays([*nulls, *whole], names=[*map(str, range(width)), LINE, RAW, FAULT])


def set_aside(batch: pa.RecordBatch, faults: Mapping[int, str]) -> Iterator[pa.RecordBatch]:
    """The batch without its faulty rows (fault by position), then those rows as text."""
    if not faults:
        yield batch
        return
    width, positions = batch.num_columns - 3, sorted(faults)
    picked = batch.take(pa.array(positions, pa.int64()))
    cells = zip(*(picked.column(column).to_pylist() for column in range(width)), strict=True)
    texts = [",".join((cell or "")[: RAW_SHOWN + 1] for cell in row) for row in cells]
    good = pc.invert(pc.is_in(pa.array(range(batch.num_rows), pa.int64()), value_set=pa.array(positions, pa.int64())))
    yield batch.filter(good)
    lines = picked.column(LINE).to_pylist()
    yield unsplit_rows([(n, t, faults[p]) for n, t, p in zip(lines, texts, positions, strict=True)], width)


def long_cells(batch: pa.RecordBatch, limit: int) -> dict[int, str]:
    """The rows with a cell of more characters than the limit."""
    faults: dict[int, str] = {}
    for column in range(batch.num_columns - 3):
        cells = batch.column(column)
        if (pc.max(pc.binary_length(cells)).as_py() or 0) <= limit:
            continue
        lengths = pc.utf8_length(cells)
        for position in pc.indices_nonzero(pc.fill_null(pc.greater(lengths, limit), False)).to_pylist():
            faults[position] = too_long(lengths[position].as_py(), limit)
    return faults


def too_long(characters: int, limit: int) -> str:
    """The fault of a row with too long a cell."""
    return f"单元格有 {characters:,} 个字，超过上限 {limit:,} 个字（limits.cell）"


class Rows:
    """Rows that come one by one, gathered until a batch is worth its overhead."""

    def __init__(self, headings: Sequence[str], limits: Limits) -> None:
        self._headings, self._limits = headings, limits
        self._clear()

    def _clear(self) -> None:
        self._cells: list[Sequence[str]] = []
        self._lines: list[int] = []
        self._wrong: list[tuple[int, str, str]] = []
        self._characters = 0

    def add(self, line: int, cells: Sequence[str]) -> None:
        """A row; one with a cell over the limit is kept as text."""
        longest = max(map(len, cells))
        if longest > self._limits.cell:
            self.add_wrong(line, ",".join(cell[:RAW_SHOWN] for cell in cells), too_long(longest, self._limits.cell))
            return
        self._cells.append(cells)
        self._lines.append(line)
        self._characters += sum(map(len, cells))

    def add_wrong(self, line: int, text: str, fault: str) -> None:
        """A row that is none."""
        self._wrong.append((line, text[: RAW_SHOWN + 1], fault))

    def take(self, is_last: bool = False) -> Iterator[pa.RecordBatch]:
        """The rows gathered, once they are enough or the last."""
        count = len(self._cells) + len(self._wrong)
        if not (is_last or count >= ROWS_A_BATCH or self._characters >= CHARACTERS_A_BATCH):
            return
        width = len(self._headings)
        if self._cells:
            columns = [pa.array([row[column] for row in self._cells], pa.string()) for column in range(width)]
            yield split_rows(columns, pa.array(self._lines, pa.int64()))
        if self._wrong:
            yield unsplit_rows(self._wrong, width)
        self._clear()
