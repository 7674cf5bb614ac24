"""A delivered file flows in; the Parquet file that its bronze commit adds flows out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.contract import FeedContract
from spark_jobs.lake.columns import bronze_schema, numbers_mark
from spark_jobs.lake.headings import plain
from spark_jobs.lake.text_mark import MENDED, REJECTED_HEADINGS, unmarked
from spark_jobs.lake.whole import writing
from spark_jobs.landing.formats.heading_rows import name_says_nothing_to_report, says_nothing_to_report
from spark_jobs.landing.formats.matching import find_columns
from spark_jobs.landing.formats.opening import open_sheet
from spark_jobs.landing.formats.sheet import FAULT, LINE, NUMBERS, PAGE, RAW, Sheet, Source, Told, Unreadable, excess
from spark_jobs.landing.formats.unfolded import split, unfolded

HOW_TO_SAY_NIL = "本期确实没有数据的，请在表头下一行写“本期无数据”后报送。"
ROWS_A_GROUP = 80_000
BYTES_A_GROUP = 16 << 20


@dataclass(frozen=True)
class Staged:
    """What became of a file: how many rows lie in bronze's file, and which heading each column came under.

    `remarks` and `pages`: what its receipt says of the reading, and the rows of each page that was read. A file of no
    rows, and none in bronze, is one that says there is nothing to report.
    """

    rows: int
    encoding: str
    columns: dict[str, str]
    remarks: list[str] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """Whose rows these are."""

    delivery: str
    department: str
    received_at: datetime


def stage(source: Source, origin: Origin, target: Path) -> Staged:
    """Writes the file's rows; the target is there only when all of them are."""
    sheet = split(source.contract, unfolded(source.contract, open_sheet(source)))
    if says_nothing_to_report(sheet.headings) and not any(batch.num_rows for batch in sheet.batches):
        sheet = Sheet([], iter(()), sheet.encoding, Told(is_nil=True))
    cells = find_columns(source.contract, sheet.headings) if sheet.headings else {}
    columns = {name: sheet.headings[cell] for name, cell in sorted(cells.items(), key=lambda column: column[1])}
    if REJECTED_HEADINGS[1] in map(plain, sheet.headings):
        columns[MENDED] = REJECTED_HEADINGS[1]
    try:
        with writing(target) as part:
            rows = _write(source, sheet, cells, _constants(origin, columns, _numeric(sheet, cells)), part)
            if rows == 0:
                raise _NoRows
    except _NoRows:
        _refuse_unless_nil(source, sheet)
    return Staged(rows, sheet.encoding, columns, sheet.told.remarks, sheet.told.pages)


class _NoRows(Exception):
    """There is nothing to write."""


def _refuse_unless_nil(source: Source, sheet: Sheet) -> None:
    """A file without rows is a delivery only where it says so, and only where it does not take back everything."""
    if not (sheet.told.is_nil or name_says_nothing_to_report(source.name)):
        raise Unreadable(f"文件只有表头，没有数据行。{HOW_TO_SAY_NIL if not source.contract.is_snapshot else ''}")
    if source.contract.is_snapshot:
        raise Unreadable(
            "文件说本期无数据，但这个数据集每次报送全量：没有数据行就是撤回全部数据，平台不据此撤回。请报送完整的数据。"
        )


def _numeric(sheet: Sheet, cells: dict[str, int]) -> str | None:
    """The columns all of whose cells are numbers, as `_numbers` names them."""
    return numbers_mark([name for name, cell in cells.items() if sheet.headings[cell] in sheet.numbers])


def _constants(origin: Origin, columns: dict[str, str], numbers: str | None) -> dict[str, pa.Scalar]:
    constants = {NUMBERS: pa.scalar(numbers)} if numbers else {}
    return constants | {
        "_delivery": pa.scalar(origin.delivery),
        "_department": pa.scalar(origin.department),
        "_received_at": pa.scalar(origin.received_at, pa.timestamp("us", tz="UTC")),
        "_headings": pa.scalar(json.dumps(columns, ensure_ascii=False)),
    }


def _write(source: Source, sheet: Sheet, cells: dict[str, int], constants: dict[str, pa.Scalar], path: Path) -> int:
    """Writes one row group while the next is parsed."""
    rows = 0
    writer: _Groups | None = None
    written: Future[None] | None = None
    with ThreadPoolExecutor(1) as other:
        try:
            for group in _groups(sheet.batches):
                rows += group.num_rows
                if rows > source.limits.rows:
                    raise excess("文件的行数至少是", rows, source.limits.rows, "行", "rows")
                writer = writer or _Groups(path, source.contract, cells, constants, group)
                if written:
                    written.result()
                written = other.submit(writer.write, group)
                source.beat()
            if written:
                written.result()
        finally:
            if writer:
                other.submit(writer.close).result()
    return rows


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches, gathered until a row group is worth its overhead."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        if batch.num_rows:
            waiting.append(batch)
        if sum(b.num_rows for b in waiting) >= ROWS_A_GROUP or sum(b.nbytes for b in waiting) >= BYTES_A_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


class _Groups:
    """The Parquet file; constants are handed to it as dictionaries, so that nobody writes them out a row."""

    def __init__(
        self,
        path: Path,
        contract: FeedContract,
        cells: dict[str, int],
        constants: dict[str, pa.Scalar],
        first: pa.Table,
    ) -> None:
        self._cells, self._constants = cells, constants
        coded = pa.dictionary(pa.int32(), pa.string())
        self._schema = pa.schema(
            field.with_type(coded) if field.name in constants and field.type == pa.string() else field
            for field in bronze_schema(contract)
        )
        repeating = [name for name, cell in cells.items() if _repeats(first.column(cell))]
        self._file = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[*repeating, *constants, FAULT, PAGE, NUMBERS],
            write_statistics=["_delivery", "_department", "_received_at", LINE],
            store_schema=False,
        )

    def write(self, group: pa.Table) -> None:
        """Adds a row group."""
        arrays = [self._column(group, field) for field in self._schema]
        self._file.write_table(pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=group.num_rows)

    def _column(self, group: pa.Table, field: pa.Field) -> pa.Array | pa.ChunkedArray:
        if field.name in self._cells:
            return _unmarked(group.column(self._cells[field.name]))
        if field.name in (LINE, RAW, FAULT, PAGE, NUMBERS) and field.name in group.column_names:
            column = group.column(field.name)
            return column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        if field.name not in self._constants:
            return pa.nulls(group.num_rows, field.type)
        constant = self._constants[field.name]
        if not pa.types.is_dictionary(field.type):
            return pa.repeat(constant, group.num_rows)
        first = pa.repeat(pa.scalar(0, pa.int32()), group.num_rows)
        return pa.DictionaryArray.from_arrays(first, pa.array([constant.as_py()], constant.type))

    def close(self) -> None:
        """Completes the file."""
        self._file.close()


def _unmarked(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([unmarked(chunk) for chunk in cells.chunks], cells.type)


def _repeats(cells: pa.ChunkedArray) -> bool:
    """Whether a dictionary is worth building."""
    sample = cells.slice(0, 20_000)
    return bool(pc.count_distinct(sample).as_py() * 2 < len(sample))
