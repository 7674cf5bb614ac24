"""Separated text flows in; its headings and rows flow out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from schemas.contract import Limits
from spark_jobs.formats.encoding import WITHOUT_MARK, find_encoding, refuse_nul
from spark_jobs.formats.sheet import WRONG_WIDTH, Faulty, Sheet, Unreadable, beyond, faulty_batch, with_lines

BLOCK = 4 << 20


def open_delimited(path: Path, limits: Limits) -> Sheet:
    """Opens separated text in any accepted encoding, with any of `, ; tab |` between its cells."""
    encoding = find_encoding(path)
    refuse_nul(path, encoding)
    first, delimiter = _first_record(path, encoding)
    headings = [heading.strip() for heading in first]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > limits.columns:
        raise beyond("文件的列数为", len(headings), limits.columns, "columns")
    return Sheet(headings, _csv_batches(path, encoding, delimiter, len(headings)), encoding)


def _first_record(path: Path, encoding: str) -> tuple[list[str], str]:
    """The heading row and the separator, which is the one that the heading row holds most of."""
    with path.open(encoding=WITHOUT_MARK.get(encoding, encoding), newline="") as file:
        line = file.readline(1 << 20)
    delimiter = max(",\t;|", key=line.count)
    try:
        return next(csv.reader(io.StringIO(line), delimiter=delimiter, strict=True)), delimiter
    except (csv.Error, StopIteration):
        raise Unreadable("第 1 行不是可读的表头。请把列名放在第一行。") from None


@dataclass
class _Skipped:
    """Rows of another width, noted while the parser passes over them."""

    width: int
    rows: list[Faulty] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def note(self, row: pacsv.InvalidRow) -> str:
        self.lines.append(row.number)
        if row.text.strip():
            self.rows.append(Faulty(row.number, row.text, WRONG_WIDTH))
        return "skip"

    def take(self) -> list[Faulty]:
        taken, self.rows = self.rows, []
        return taken


def _csv_batches(path: Path, encoding: str, delimiter: str, width: int) -> Iterator[pa.RecordBatch]:
    skipped = _Skipped(width)
    names = [str(position) for position in range(width)]
    try:
        reader = pacsv.open_csv(
            path,
            pacsv.ReadOptions(
                use_threads=False,
                block_size=BLOCK,
                column_names=names,
                skip_rows=1,
                encoding="utf8" if encoding == "utf-8" else encoding,
            ),
            pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skipped.note
            ),
            pacsv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False),
        )
        next_line = 2
        for batch in reader:
            lines = _lines(next_line, batch.num_rows, skipped.lines)
            next_line = int(lines[-1]) + 1 if len(lines) else next_line
            yield _without_blank(with_lines(batch.columns, lines), width)
            if rows := skipped.take():
                yield faulty_batch(rows, width)
        if rows := skipped.take():
            yield faulty_batch(rows, width)
    except StopIteration:
        return
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        raise Unreadable(f"文件无法按行读取（{error}）。请检查引号是否成对、单元格是否过长。") from None


def _lines(first: int, count: int, skipped: list[int]) -> np.ndarray:
    """The line numbers of `count` good rows from `first` on, stepping over skipped lines."""
    later = [line for line in skipped if line >= first]
    candidates = np.arange(first, first + count + len(later))
    return candidates[~np.isin(candidates, later)][:count]


def _without_blank(batch: pa.RecordBatch, width: int) -> pa.RecordBatch:
    """Leaves out lines with nothing in any cell: they are not rows."""
    blank = pc.equal(batch.column(0), "")
    for position in range(1, width):
        if not pc.any(blank).as_py():
            return batch
        blank = pc.and_(blank, pc.equal(batch.column(position), ""))
    return batch.filter(pc.invert(blank))
