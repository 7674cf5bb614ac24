"""Separated text flows in, whatever its separator and quotes; its headings and rows flow out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from spark_jobs.landing.formats.sheet import (
    FAULT,
    LINE,
    RAW,
    RAW_SHOWN,
    WRONG_WIDTH,
    Sheet,
    Source,
    Unreadable,
    excess,
    long_cells,
    set_aside,
    split_rows,
    unsplit_rows,
)
from spark_jobs.landing.formats.text import BLOCK, LONGEST, Text, examine

SAMPLE = 1 << 20
HEADING_ROWS = 10
SEPARATORS = ",\t;|"
SWALLOWED = "单元格内含有整行数据，引号没有成对"
# Ends every text that is parsed: no file can hold a NUL, so a row of them says that no quote is open at the end.
END = "\0"


@dataclass(frozen=True)
class _Head:
    """The heading row: its cells, the separator, the record it is (from 1), and the byte after it."""

    cells: list[str]
    delimiter: str
    record: int
    end: int

    @property
    def headings(self) -> list[str]:
        """The headings without the nameless columns at the end."""
        named = [heading.strip() for heading in self.cells]
        while named and not named[-1]:
            named.pop()
        return named


def open_separated(source: Source) -> Sheet:
    """Opens a text whose rows are lines."""
    text = examine(source)
    with text.stream() as stream:
        sample = stream.read(SAMPLE)
    head = _head(source, sample.decode(errors="ignore"))
    if len(head.headings) > source.limits.columns:
        raise excess("文件有", len(head.headings), source.limits.columns, "列", "columns")
    return Sheet(head.headings, _batches(source, text, head), text.encoding)


def _head(source: Source, sample: str) -> _Head:
    """Of the first rows, split by each separator, the one that holds most of the promised headings."""
    declared = re.match(r'"?sep=([^\r\n"])"?\r?\n', sample, re.IGNORECASE)
    first_line = sample.lstrip("\r\n").split("\n", 1)[0]
    usual = sorted(SEPARATORS, key=first_line.count, reverse=True)
    heads = [head for delimiter in (declared.group(1) if declared else usual) for head in _heads(sample, delimiter)]
    heads = [head for head in heads if head.headings and not (declared and head.record == 1)]
    if not heads:
        raise Unreadable("第 1 行不是可读的表头。请把列名放在第一行，并检查引号是否成对。")
    best = max(heads, key=lambda head: source.promised(head.headings))
    return best if source.promised(best.headings) else heads[0]


def _heads(sample: str, delimiter: str) -> Iterator[_Head]:
    """The first records of a text, as far as they can be split."""
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        for line in io.StringIO(sample, newline=""):
            read += len(line.encode())
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    try:
        for record, cells in zip(range(1, HEADING_ROWS + 1), reader, strict=False):
            yield _Head(cells, delimiter, record, read)
    except csv.Error:
        return


@dataclass
class _Skipped:
    """Rows of another width, noted while the parser passes over them."""

    delimiter: str
    above: int
    rows: list[tuple[int, str, str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    is_open: bool = False

    def note(self, row: pacsv.InvalidRow) -> str:
        self.lines.append(row.number + self.above)
        if END in row.text:
            self.is_open = True
        elif row.text.strip(f" \r\n{self.delimiter}"):
            self.rows.append((row.number + self.above, row.text[: RAW_SHOWN + 1], WRONG_WIDTH))
        return "skip"

    def take_rows(self) -> list[tuple[int, str, str]]:
        taken, self.rows = self.rows, []
        return taken

    def number(self, first: int, count: int) -> np.ndarray:
        """The numbers of `count` good rows from `first` on, stepping over skipped ones."""
        candidates = np.arange(first, first + count + len(self.lines))
        numbers = candidates[~np.isin(candidates, self.lines)][:count]
        if count:
            self.lines = [line for line in self.lines if line > numbers[-1]]
        return numbers


def _batches(source: Source, text: Text, head: _Head) -> Iterator[pa.RecordBatch]:
    skipped, next_line = _Skipped(head.delimiter, head.record), head.record + 1
    for batch in _parsed(text, head, skipped):
        is_last = batch.num_rows > 0 and END in (batch.column(len(head.cells) - 1)[-1].as_py())
        if skipped.is_open or (is_last and batch.column(0)[-1].as_py() != END):
            break
        numbers = skipped.number(next_line, batch.num_rows)
        next_line = int(numbers[-1]) + 1 if len(numbers) else next_line
        kept = batch.slice(0, batch.num_rows - is_last)
        rows = _without_blank(split_rows(kept.columns, pa.array(numbers[: kept.num_rows], pa.int64())))
        yield from _judged(source, rows, head, text.is_quoted)
        if wrong := skipped.take_rows():
            yield unsplit_rows(wrong, len(head.headings))
        if is_last:
            return
    raise _unclosed(source, text, head)


def _parsed(text: Text, head: _Head, skipped: _Skipped) -> Iterator[pa.RecordBatch]:
    names = [str(position) for position in range(len(head.cells))]
    tail = head.delimiter.join(END for _ in names) + "\n"
    with text.stream(head.end, tail.encode()) as stream:
        try:
            yield from pacsv.open_csv(
                stream,
                pacsv.ReadOptions(
                    use_threads=False, block_size=max(BLOCK, min(text.longest * 2, LONGEST)), column_names=names
                ),
                pacsv.ParseOptions(
                    delimiter=head.delimiter,
                    newlines_in_values=text.is_quoted,
                    ignore_empty_lines=False,
                    invalid_row_handler=skipped.note,
                ),
                pacsv.ConvertOptions(
                    column_types={name: pa.string() for name in names}, strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return


def _unclosed(source: Source, text: Text, head: _Head) -> Unreadable:
    """Reads the text once more, slowly, for the row whose quote never closes."""
    most = max(2 * source.limits.cell, SAMPLE)
    before = csv.field_size_limit(most)
    record = head.record
    try:
        with io.TextIOWrapper(io.BufferedReader(text.stream(head.end)), encoding="utf-8", newline="") as lines:
            for record, _ in enumerate(csv.reader(lines, delimiter=head.delimiter), head.record + 1):
                if record % 100_000 == 0:
                    source.beat()
    except csv.Error:
        record += 1
    finally:
        csv.field_size_limit(before)
    limit = f"{source.limits.cell:,}"
    return Unreadable(f"第 {record} 行的引号没有成对，或单元格超过上限 {limit} 个字（limits.cell）。请更正后重新报送。")


def _without_blank(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Leaves out lines with nothing in any cell: they are not rows."""
    blank = pc.equal(batch.column(0), "")
    for position in range(1, batch.num_columns - 3):
        if not pc.any(blank).as_py():
            return batch
        blank = pc.and_(blank, pc.equal(batch.column(position), ""))
    return batch.filter(pc.invert(blank))


def _judged(source: Source, batch: pa.RecordBatch, head: _Head, is_quoted: bool) -> Iterator[pa.RecordBatch]:
    """Sets aside rows with something in a nameless column, a cell that is too long, or rows inside a cell."""
    named, all_ = len(head.headings), len(head.cells)
    faults = long_cells(batch, source.limits.cell)
    for column in range(named, all_):
        for position in pc.indices_nonzero(pc.not_equal(batch.column(column), "")).to_pylist():
            faults.setdefault(position, WRONG_WIDTH)
    if is_quoted and all_ > 1:
        for position in _swallowing(batch, head):
            faults.setdefault(position, SWALLOWED)
    for part in set_aside(batch, faults):
        yield part.select([*map(str, range(named)), LINE, RAW, FAULT])


def _swallowing(batch: pa.RecordBatch, head: _Head) -> Iterator[int]:
    """The rows with a cell one of whose lines is a row itself: two stray quotes have swallowed what lay between."""
    width = len(head.cells)
    for column in range(width):
        cells = batch.column(column)
        if not _has_line_break(cells):
            continue
        broken = pc.or_(pc.match_substring(cells, "\n"), pc.match_substring(cells, "\r"))
        for position in pc.indices_nonzero(broken).to_pylist():
            lines = cells[position].as_py().splitlines()
            if any(line.count(head.delimiter) >= width - 1 and _width(line, head.delimiter) == width for line in lines):
                yield position


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
