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
    is_sum,
    numbers_columns,
    refuse_other_headings,
    says_nothing_to_report,
)
from spark_jobs.landing.formats.matching import refuse_unit_below, with_unit
from spark_jobs.landing.formats.separated_head import Head, find_head
from spark_jobs.landing.formats.sheet import (
    BROKEN,
    CHARACTERS_A_BATCH,
    FAULT,
    HALF_A_CHARACTER,
    LINE,
    NO_NUMBERING,
    RAW,
    RAW_SHOWN,
    WRONG_WIDTH,
    Sheet,
    Source,
    Told,
    Unreadable,
    excess,
    long_cells,
    set_aside,
    shown,
    split_rows,
    unsplit_rows,
)
from spark_jobs.landing.formats.text import LONGEST, examine
from spark_jobs.landing.formats.utf8_stream import BLOCK, Text, escapes_quotes

SAMPLE = 1 << 20
NUMBERING = r"^\s*[0-9]{0,9}\s*$"
SWALLOWED = "单元格内含有整行数据，引号没有成对"
# Ends every text that is parsed: no file can hold a NUL, so a row of them says that no quote is open at the end.
END = "\0"


def open_separated(source: Source) -> Sheet:
    """Opens a text whose rows are lines."""
    text = examine(source)
    if text.may_escape and escapes_quotes(text):
        text = replace(text, escapes=True)
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

    head: Head
    told: Told
    passed: PassedOver
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
        elif row.text.strip(f" \r\n{self.head.delimiter}"):
            self._take(line, row.text)
        return "skip"

    def _take(self, line: int, text: str) -> None:
        cells = _split(text, self.head.delimiter) if len(text) <= CHARACTERS_A_BATCH else [text]
        named = [place for place in self.head.named if place < len(cells)]
        if says_nothing_to_report(cells):
            self.told.is_nil = True
        elif is_headings_again([self.head.cells[p] for p in self.head.named], [cells[place] for place in named]):
            self.passed.again.append(f"第 {line} 行")
        elif len(cells) < len(self.head.named) and (word := closing(cells, ())):
            self.passed.closing.append(f"第 {line} 行“{shown(word, 20)}”")
            if not is_sum(word):
                self.short.append((f"第 {line} 行", cells))
        elif len(named) == len(self.head.named) and not any(map(str.strip, cells[self.head.width :])):
            self.mended.append((line, (cells + [""] * self.head.width)[: self.head.width]))
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
    skipped, next_line = _Skipped(head, told, passed), head.record + 1
    for batch in _parsed(text, head, skipped):
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
            yield from _judged(source, below.data(_without_blank(some, head)), head, text)
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
    is_first: bool = True

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
        """The rows that are data."""
        first = self.head.named[0] if self.head.named else 0
        suspects: list[int] = pc.indices_nonzero(pc.is_in(batch.column(first), value_set=self.begins)).to_pylist()
        if (is_blank := self._blank(batch)) is not None:
            suspects = sorted({*suspects, *pc.indices_nonzero(is_blank).to_pylist()})
        if self.is_first:
            suspects = sorted({*suspects, *range(min(3, batch.num_rows))})
            self.is_first = False
        no_data = [position for position in suspects if not self._is_data(batch, position)]
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
        elif word := closing(cells, self.keys):
            if not is_sum(word):
                self.refuse_unit(cells, row)
            self.passed.closing.append(f"{row}“{shown(word, 20)}”")
        elif says_nothing_to_report(named):
            self.told.is_nil = True
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


def _without_blank(batch: pa.RecordBatch, head: Head) -> pa.RecordBatch:
    """Leaves out lines with nothing in any cell, or with nothing but their number: they are not rows."""
    places = [place for place in range(head.width) if place not in head.nameless.numbering]
    blank = pc.equal(batch.column(places[0]), "")
    for place in places[1:]:
        if not pc.any(blank).as_py():
            return batch
        blank = pc.and_(blank, pc.equal(batch.column(place), ""))
    return batch.filter(pc.invert(blank))


def _judged(source: Source, batch: pa.RecordBatch, head: Head, text: Text) -> Iterator[pa.RecordBatch]:
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
