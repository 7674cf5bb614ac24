"""What every format comes down to: headings and batches of text rows, each with its line and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import FeedContract, Limits
from spark_jobs.lake.headings import Promised, plain

LINE, RAW, FAULT = "_line", "_raw", "_fault"
PAGE, NUMBERS = "_page", "_numbers"
WRONG_WIDTH = "列数与表头不一致"
NO_NUMBERING = "没有列名的列里有内容，又不是序号"
# Stands where bytes were no character; Unicode promises that no text has it.
BROKEN = "\ufdd0"
UNSTORABLE = dict.fromkeys(map(ord, ("\0", BROKEN)), "\N{REPLACEMENT CHARACTER}")
HALF_A_CHARACTER = "有残缺的字符（“�”处只有半个字），请对照原件补全"
RAW_SHOWN = 1_000
ROWS_A_BATCH = 20_000
CHARACTERS_A_BATCH = 8 << 20


class Unreadable(Exception):
    """A file that cannot be taken; the message is what the department reads."""


@dataclass
class Told:
    """What is told of a file beside its rows, complete once all of them are read.

    `remarks`: sentences for the receipt, such as which pages were left out. `pages`: of a workbook, the rows of each
    page that was read. `is_nil`: it says, where rows would be, that there is nothing to report.
    """

    remarks: list[str] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=dict)
    is_nil: bool = False


@dataclass(frozen=True)
class Sheet:
    """A file opened for one reading: `batches` yields one text column a heading, then `_line`, `_raw` and `_fault`.

    The last two are null for a row that split into as many cells as there are headings; otherwise they are the row's
    text and why it is no row, and the cells are null. `_page` and `_numbers` may follow (lake/columns.py says what they
    hold). `numbers`: the headings of columns all of whose cells are numbers.
    """

    headings: list[str]
    batches: Iterator[pa.RecordBatch]
    encoding: str
    told: Told = field(default_factory=Told)
    numbers: frozenset[str] = frozenset()


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
    def promises(self) -> Promised:
        """The headings that the contract promises."""
        return Promised.by(self.contract)

    def promised(self, headings: Sequence[str]) -> int:
        """How many of these headings the contract promises, however they are dressed."""
        return len({plain(heading) for heading in headings if len(heading) <= RAW_SHOWN and self._promises(heading)})

    def _promises(self, heading: str) -> bool:
        return bool(heading and self.promises.scales(heading))


def excess(what: str, actual: int, limit: int, unit: str, key: str) -> Unreadable:
    """The refusal of a file that costs more than its contract allows."""
    return Unreadable(f"{what} {actual:,} {unit}，超过上限 {limit:,} {unit}（limits.{key}）。")


def shown(text: str, most: int = RAW_SHOWN) -> str:
    """Text as a message or `_raw` may hold it: no longer than `most` characters, and can be stored."""
    kept = text if len(text) <= most else f"{text[:most]}…"
    return kept.translate(UNSTORABLE).encode("utf-8", "replace").decode()


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
        self._marks: list[tuple[int, str | None, str | None]] = []
        self._wrong: list[tuple[int, str, str]] = []
        self._wrong_pages: list[str | None] = []
        self._characters = 0

    def add(self, line: int, cells: Sequence[str], page: str | None = None, numbers: str | None = None) -> None:
        """A row; one with a cell over the limit is kept as text."""
        longest = max(map(len, cells))
        if longest > self._limits.cell:
            text = ",".join(cell[:RAW_SHOWN] for cell in cells)
            self.add_wrong(line, text, too_long(longest, self._limits.cell), page)
            return
        self._cells.append(cells)
        self._marks.append((line, page, numbers))
        self._characters += sum(map(len, cells))

    def add_wrong(self, line: int, text: str, fault: str, page: str | None = None) -> None:
        """A row that is none."""
        self._wrong.append((line, text[: RAW_SHOWN + 1], fault))
        self._wrong_pages.append(page)

    def take(self, is_last: bool = False) -> Iterator[pa.RecordBatch]:
        """The rows gathered, once they are enough or the last."""
        count = len(self._cells) + len(self._wrong)
        if not (is_last or count >= ROWS_A_BATCH or self._characters >= CHARACTERS_A_BATCH):
            return
        width = len(self._headings)
        if self._cells:
            columns = [_without_nul(pa.array(column, pa.string())) for column in zip(*self._cells, strict=True)]
            lines, pages, numbers = zip(*self._marks, strict=True)
            yield _marked(split_rows(columns, pa.array(lines, pa.int64())), pages, numbers)
        if self._wrong:
            yield _marked(unsplit_rows(self._wrong, width), self._wrong_pages, [None] * len(self._wrong))
        self._clear()


def _without_nul(cells: pa.Array) -> pa.Array:
    has_nul = pc.any(pc.match_substring(cells, "\0")).as_py()
    return pc.replace_substring(cells, "\0", "\N{REPLACEMENT CHARACTER}") if has_nul else cells


def _marked(rows: pa.RecordBatch, pages: Sequence[str | None], numbers: Sequence[str | None]) -> pa.RecordBatch:
    """Rows with the page and the numbers of each."""
    return rows.append_column(PAGE, pa.array(pages, pa.string())).append_column(NUMBERS, pa.array(numbers, pa.string()))
