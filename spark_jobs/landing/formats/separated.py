"""Separated text flows in, whatever its separator and quotes; its headings and rows flow out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from spark_jobs.landing.formats.heading_rows import (
    SUMS,
    PassedOver,
    closing,
    is_headings_again,
    is_other_headings,
    is_sum,
    numbers_columns,
    other_headings,
    refuse_other_headings,
    says_nothing_to_report,
)
from spark_jobs.landing.formats.matching import refuse_unit_below, with_unit
from spark_jobs.landing.formats.separated_head import Head, find_head
from spark_jobs.landing.formats.separated_rows import judged, without_blank
from spark_jobs.landing.formats.sheet import (
    BROKEN,
    CHARACTERS_A_BATCH,
    HALF_A_CHARACTER,
    LINE,
    RAW_SHOWN,
    WRONG_WIDTH,
    Sheet,
    Source,
    Told,
    Unreadable,
    excess,
    shown,
    split_rows,
    unsplit_rows,
)
from spark_jobs.landing.formats.text import LONGEST, examine
from spark_jobs.landing.formats.utf8_stream import BLOCK, Text, escapes_quotes

SAMPLE = 1 << 20
# Rows at the beginning and at the end of which each may be a note or a signature.
AT_THE_ENDS = 6
# What a line may hold beside separators that is no row: blanks, and the end that old programs write (U+001A).
NO_TEXT = " \t\r\n\x0b\x0c\x1a\u00a0\u3000\ufeff"
# Ends every text that is parsed: no file can hold a NUL, so a row of them says that no quote is open at the end.
END = "\0"


def open_separated(source: Source) -> Sheet:
    """Opens a text whose rows are lines."""
    text = examine(source)
    text = replace(text, escapes=text.may_escape and escapes_quotes(text), doubles=text.has_lone_mark)
    with text.stream() as stream:
        sample = stream.read(SAMPLE)
    told = Told()
    head, unit = find_head(source, sample.decode(errors="ignore"), told)
    headings = with_unit(source, [head.cells[place] for place in head.named], unit)
    if len(headings) > source.limits.columns:
        raise excess("文件有", len(headings), source.limits.columns, "列", "columns")
    return Sheet(headings, _batches(source, text, head, headings, told), text.encoding, told)


@dataclass
class _Skipped:
    """Rows of another width, noted while the parser passes over them; with nothing but empty cells more it is a row."""

    source: Source
    head: Head
    told: Told
    passed: PassedOver
    others: str = ""
    rows: list[tuple[int, str, str]] = field(default_factory=list)
    mended: list[tuple[int, list[str]]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    short: list[tuple[str, list[str]]] = field(default_factory=list)
    is_open: bool = False

    def note(self, row: pacsv.InvalidRow) -> str:
        line = row.number + self.head.record
        self.lines.append(line)
        if END in row.text:
            self.is_open = True
        elif row.text.strip(f"{NO_TEXT}{self.head.delimiter}"):
            self._take(line, row.text)
        return "skip"

    def _take(self, line: int, text: str) -> None:
        cells = _split(text, self.head.delimiter) if len(text) <= CHARACTERS_A_BATCH else [text]
        named = [place for place in self.head.named if place < len(cells)]
        is_more = any(map(str.strip, cells[self.head.width :]))
        headings = [self.head.cells[place] for place in self.head.named]
        if says_nothing_to_report(cells):
            self.told.is_nil = True
            self.passed.nothing.append(f"第 {line} 行")
        elif not is_more and is_headings_again(headings, [cells[place] for place in named]):
            self.passed.again.append(f"第 {line} 行")
        elif len(cells) < len(self.head.named) and (word := closing(cells, ())):
            self.passed.closing.append(f"第 {line} 行“{shown(word, 20)}”")
            if not is_sum(word):
                self.short.append((f"第 {line} 行", cells))
        elif len(named) == len(self.head.named) and not is_more:
            self.mended.append((line, (cells + [""] * self.head.width)[: self.head.width]))
        elif is_other_headings(self.source, cells):
            self.others = self.others or f"第 {line} 行"
        else:
            self.short.append((f"第 {line} 行", cells[: len(self.head.cells)]))
            self.rows.append((line, text[: RAW_SHOWN + 1], HALF_A_CHARACTER if BROKEN in text else WRONG_WIDTH))

    def take_rows(self) -> list[tuple[int, str, str]]:
        taken, self.rows = self.rows, []
        return taken

    def take_short(self) -> list[tuple[str, list[str]]]:
        """Rows that may hold a unit; the parser, which calls `note`, lets nobody refuse a file."""
        taken, self.short = self.short, []
        return taken

    def take_mended(self) -> pa.RecordBatch | None:
        """The rows that had empty cells too many."""
        if not self.mended:
            return None
        columns = [pa.array(column, pa.string()) for column in zip(*(cells for _, cells in self.mended), strict=True)]
        rows = split_rows(columns, pa.array([line for line, _ in self.mended], pa.int64()))
        self.mended = []
        return rows

    def number(self, first: int, count: int) -> np.ndarray:
        """The numbers of `count` good rows from `first` on, stepping over skipped ones."""
        candidates = np.arange(first, first + count + len(self.lines))
        numbers = candidates[~np.isin(candidates, self.lines)][:count]
        if count:
            self.lines = [line for line in self.lines if line > numbers[-1]]
        return numbers


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return [text]


def _batches(source: Source, text: Text, head: Head, headings: list[str], told: Told) -> Iterator[pa.RecordBatch]:
    passed = PassedOver()
    below = _Below.of(source, head, headings, told, passed)
    skipped, next_line = _Skipped(source, head, told, passed), head.record + 1
    for batch in _parsed(text, head, skipped):
        if skipped.others:
            raise other_headings(skipped.others)
        is_last = batch.num_rows > 0 and END in (batch.column(head.width - 1)[-1].as_py())
        if skipped.is_open or (is_last and batch.column(0)[-1].as_py() != END):
            break
        numbers = skipped.number(next_line, batch.num_rows)
        next_line = int(numbers[-1]) + 1 if len(numbers) else next_line
        for row, cells in skipped.take_short():
            below.refuse_unit(cells, row)
        kept = batch.slice(0, batch.num_rows - is_last)
        rows = split_rows(kept.columns, pa.array(numbers[: kept.num_rows], pa.int64()))
        for some in filter(None, (rows, skipped.take_mended())):
            yield from judged(source, below.data(without_blank(some, head)), head, text)
        if wrong := skipped.take_rows():
            yield unsplit_rows(wrong, len(head.named))
        if is_last:
            passed.tell(told)
            return
    raise _unclosed(source, text, head)


@dataclass
class _Below:
    """What tells rows that are no data from those that are.

    Such a row begins with one of few words (`begins`), or holds nothing where every row must (`required`).
    """

    source: Source
    head: Head
    headings: list[str]
    told: Told
    passed: PassedOver
    begins: pa.Array
    keys: tuple[int, ...]
    required: tuple[int, ...]

    @classmethod
    def of(cls, source: Source, head: Head, headings: list[str], told: Told, passed: PassedOver) -> _Below:
        own = {cell.strip() for cell in head.cells if cell.strip()}
        promised = {known.heading for column in source.contract.columns for known in column.headings}
        words = {*own, *promised, *(f"\ufeff{heading}" for heading in own), *SUMS}
        columns = {place: source.promises.scales(head.cells[place]).keys() for place in head.named}
        keys = tuple(place for place, names in columns.items() if names & set(source.contract.key))
        must = {column.name for column in source.contract.columns if column.required}
        required = tuple(place for place, names in columns.items() if names & must and place != head.named[0])
        return cls(source, head, headings, told, passed, pa.array(sorted(words)), keys, required)

    def data(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that are data; at both ends of a batch, where notes and signatures stand, every row is looked at."""
        first = self.head.named[0] if self.head.named else 0
        suspects: list[int] = pc.indices_nonzero(pc.is_in(batch.column(first), value_set=self.begins)).to_pylist()
        if (is_blank := self._blank(batch)) is not None:
            suspects += pc.indices_nonzero(is_blank).to_pylist()
        suspects += range(min(AT_THE_ENDS, batch.num_rows))
        suspects += range(max(0, batch.num_rows - AT_THE_ENDS), batch.num_rows)
        no_data = [position for position in sorted({*suspects}) if not self._is_data(batch, position)]
        if not no_data:
            return batch
        keep = np.ones(batch.num_rows, bool)
        keep[no_data] = False
        return batch.filter(pa.array(keep))

    def _blank(self, batch: pa.RecordBatch) -> pa.Array | None:
        """Which rows hold nothing in any column that must be filled; None for no row."""
        is_blank: pa.Array | None = None
        for place in self.required:
            is_empty = pc.equal(batch.column(place), "")
            is_blank = is_empty if is_blank is None else pc.and_(is_blank, is_empty)
            if not pc.any(is_blank).as_py():
                return None
        return is_blank

    def refuse_unit(self, cells: list[str], row: str) -> None:
        """Refuses the file where a row that is no data names a unit that the amounts were not read by."""
        delivered = [self.head.cells[place] for place in self.head.named]
        refuse_unit_below(self.source, delivered, self.headings, cells, row)

    def _is_data(self, batch: pa.RecordBatch, position: int) -> bool:
        cells = [batch.column(place)[position].as_py() or "" for place in range(self.head.width)]
        row = f"第 {batch.column(LINE)[position].as_py()} 行"
        named = [cells[place] for place in self.head.named]
        if is_headings_again([self.head.cells[place] for place in self.head.named], named):
            self.passed.again.append(row)
        elif batch.column(LINE)[position].as_py() == self.head.record + 1 and numbers_columns(named):
            self.passed.closing.append(f"{row}“栏次”")
        elif says_nothing_to_report(named):
            self.told.is_nil = True
            self.passed.nothing.append(row)
        elif word := closing(cells, self.keys):
            if not is_sum(word):
                self.refuse_unit(cells, row)
            self.passed.closing.append(f"{row}“{shown(word, 20)}”")
        else:
            refuse_other_headings(self.source, named, row)
            if not any(cells[place].strip() for place in self.required):
                self.refuse_unit(cells, row)
            return True
        return False


def _parsed(text: Text, head: Head, skipped: _Skipped) -> Iterator[pa.RecordBatch]:
    names = [str(position) for position in range(head.width)]
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


def _unclosed(source: Source, text: Text, head: Head) -> Unreadable:
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
