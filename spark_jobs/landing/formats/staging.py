"""A delivered file flows in; the Parquet file that its bronze commit adds flows out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.contract import FeedContract
from spark_jobs.lake.columns import bronze_schema
from spark_jobs.lake.text_mark import MENDED, REJECTED_HEADINGS, unmarked
from spark_jobs.lake.whole import writing
from spark_jobs.landing.formats.opening import open_sheet
from spark_jobs.landing.formats.sheet import FAULT, LINE, RAW, Sheet, Source, Unreadable, excess, plain, shown

ROWS_A_GROUP = 80_000
BYTES_A_GROUP = 16 << 20


@dataclass(frozen=True)
class Staged:
    """What became of a file: how many rows lie in bronze's file, and which heading each column came under."""

    rows: int
    encoding: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Origin:
    """Whose rows these are."""

    delivery: str
    department: str
    received_at: datetime


def stage(source: Source, origin: Origin, target: Path) -> Staged:
    """Writes the file's rows; the target is there only when all of them are."""
    sheet = open_sheet(source)
    cells = find_columns(source.contract, sheet.headings)
    columns = {name: sheet.headings[cell] for name, cell in sorted(cells.items(), key=lambda column: column[1])}
    if REJECTED_HEADINGS[1] in map(plain, sheet.headings):
        columns[MENDED] = REJECTED_HEADINGS[1]
    with writing(target) as part:
        rows = _write(source, sheet, cells, _constants(origin, columns), part)
        if rows == 0:
            raise Unreadable("文件只有表头，没有数据行。")
    return Staged(rows, sheet.encoding, columns)


def find_columns(contract: FeedContract, delivered: list[str]) -> dict[str, int]:
    """Which cell each contract column is read from; raises Unreadable for a heading that nobody promised."""
    plains = [plain(heading) for heading in delivered]
    _refuse_strange(contract, delivered, plains)
    # A file of deletions need hold no more than keys and the envelope; rows that are none are then judged one by one.
    may_delete = contract.has_envelope and any(
        plain(h.heading) in plains for h in contract.column("cd_operation").headings
    )
    cell_of: dict[str, int] = {}
    for column in contract.columns:
        cells = [plains.index(plain(h.heading)) for h in column.headings if plain(h.heading) in plains]
        if len(cells) > 1:
            raise Unreadable(
                f"{column.label}同时有多列：{'、'.join(delivered[cell] for cell in cells)}。请只保留一列。"
            )
        if cells:
            cell_of[column.name] = cells[0]
        elif column.required and (column.name in contract.key or not may_delete):
            names = "或".join(f"“{h.heading}”" for h in column.headings)
            raise Unreadable(f"表头缺少必需的列：{names}（{column.label}）。")
    return cell_of


def _refuse_strange(contract: FeedContract, delivered: list[str], plains: list[str]) -> None:
    """Refuses headings that are there twice, empty, or unknown."""
    doubled = sorted({heading for heading in plains if heading and plains.count(heading) > 1})
    if doubled:
        raise Unreadable(f"表头重复：{_listed(doubled)}。每个列名只能出现一次。")
    if "" in plains:
        raise Unreadable(f"表头第 {plains.index('') + 1} 列没有列名。请补上列名，或删去该列。")
    promised = {plain(h.heading) for column in contract.columns for h in column.headings}
    expected = promised | set(map(plain, [*contract.ignore, *REJECTED_HEADINGS]))
    unknown = [f"“{shown(h, 50)}”" for h, p in zip(delivered, plains, strict=True) if p not in expected]
    if unknown:
        raise Unreadable(f"表头中有未约定的列：{_listed(unknown)}。请按约定的表头报送，或联系平台登记新列。")


def _listed(headings: Sequence[str]) -> str:
    return "、".join(shown(heading, 60) for heading in headings[:10])


def _constants(origin: Origin, columns: dict[str, str]) -> dict[str, pa.Scalar]:
    return {
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
            use_dictionary=[*repeating, *constants, FAULT],
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
        if field.name in (LINE, RAW, FAULT):
            return group.column(field.name)
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
