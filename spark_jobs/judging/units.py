"""A unit of work flows in; its rows, judged, flow out as a file of silver and one of quarantine, with their counts.

A unit is small deliveries of one feed and shape together, or some row groups of a large one. Its rows are read, judged
and written some at a time, however many there are. Here nothing but Arrow is imported: this is what a worker starts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.contract import FeedContract
from spark_jobs.judging.judge import Counts, Judge, Part
from spark_jobs.lake.columns import SYSTEM, quarantine_schema, silver_schema

Layer = Literal["silver", "quarantine"]
LAYERS: tuple[Layer, ...] = ("silver", "quarantine")
ROWS_A_CHUNK, BYTES_A_CHUNK = 80_000, 16 << 20


@dataclass(frozen=True)
class Piece:
    """Row groups of a delivery's own file of bronze; None: all of them."""

    file: Path
    groups: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Unit:
    """What is judged at once: deliveries of one shape, where their rows lie, and the names of the files to write.

    `shared`: those whose rows lie in bronze's files with others'. `kept`: those of which silver holds accepted rows
    that stay, and count, while the others are judged again. `tables`: where the tables of each layer lie.
    """

    contract: FeedContract
    parts: tuple[Part, ...]
    pieces: tuple[Piece, ...]
    tables: dict[str, Path]
    files: dict[Layer, Path]
    shared: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What a unit came to: the rows in the file of each layer, and what is known of each delivery."""

    rows: dict[Layer, int] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)


def judge_unit(unit: Unit) -> Outcome:
    """Judges a unit's rows and writes the files that commits will add to silver and quarantine."""
    judge = Judge(unit.contract, unit.parts)
    kept = _keep(unit, judge) if unit.kept else {}
    silver = _File(unit.files["silver"], silver_schema(unit.contract))
    quarantine = _File(unit.files["quarantine"], quarantine_schema())
    for chunk in _chunks(unit):
        judged = judge.judge(_without(chunk, kept))
        silver.write(judged.silver)
        quarantine.write(judged.quarantine)
    return Outcome({"silver": silver.close(), "quarantine": quarantine.close()}, judge.finish())


def _keep(unit: Unit, judge: Judge) -> dict[str, pa.Array]:
    """Counts the rows that stay in silver; returns their lines by delivery."""
    lines: dict[str, list[pa.Array]] = defaultdict(list)
    names = [column.name for column in silver_schema(unit.contract)]
    for rows in _rows_among_others(unit.tables["silver"], unit.kept, names):
        judge.keep(rows)
        for delivery in unit.kept:
            own = rows.filter(pc.equal(rows.column("_delivery"), delivery))
            lines[delivery] += own.column("_line").chunks
    return {delivery: pa.concat_arrays(some) for delivery, some in lines.items() if some}


def _without(chunk: pa.Table, kept: dict[str, pa.Array]) -> pa.Table:
    """The rows of a chunk that are not kept."""
    for delivery, lines in kept.items():
        is_own = pc.equal(chunk.column("_delivery").cast(pa.string()), delivery)
        chunk = chunk.filter(pc.invert(pc.and_(is_own, pc.is_in(chunk.column("_line"), lines))))
    return chunk


def _rows_among_others(table: Path, deliveries: tuple[str, ...], columns: list[str]) -> Iterator[pa.Table]:
    """Rows of these deliveries, from files that hold others' too: only of deliveries that are judged again."""
    from spark_jobs.lake.tables import dataset, stream  # delta-rs, which most units can do without

    for batch in stream(dataset(table), columns, pc.field("_delivery").isin(deliveries)):
        if batch.num_rows:
            yield pa.Table.from_batches([batch])


def _chunks(unit: Unit) -> Iterator[pa.Table]:
    """A unit's rows, so many at a time that memory is spared and the work per chunk does not count."""
    waiting: list[pa.Table] = []
    count = size = 0
    for rows in _rows(unit):
        waiting.append(rows)
        count, size = count + rows.num_rows, size + rows.nbytes
        if count >= ROWS_A_CHUNK or size >= BYTES_A_CHUNK:
            yield _gathered(waiting)
            waiting, count, size = [], 0, 0
    if waiting:
        yield _gathered(waiting)


def _rows(unit: Unit) -> Iterator[pa.Table]:
    """A unit's rows by row group; columns that lie there as a dictionary stay one."""
    stored = unit.parts[0].stored
    for piece in unit.pieces:
        metadata = pq.read_metadata(piece.file)
        file = pq.ParquetFile(piece.file, metadata=metadata, read_dictionary=_coded(metadata))
        for group in piece.groups if piece.groups is not None else range(metadata.num_row_groups):
            yield _called_now(_complete(file.read_row_group(group, use_threads=False)), stored)
    if unit.shared:
        columns = [column.name for column in unit.contract.columns if column.name in unit.parts[0].headings]
        landed = dict.fromkeys(stored.get(name, name) for name in columns)
        names = [*landed, *(column.name for column in SYSTEM), "_raw", "_fault", "_numbers"]
        for rows in _rows_among_others(unit.tables["bronze"], unit.shared, names):
            yield _called_now(rows, stored)


def _complete(rows: pa.Table) -> pa.Table:
    """Rows of a file that was landed before bronze had all of its columns, with those too."""
    for name in ("_page", "_numbers"):
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
    return rows


def _called_now(rows: pa.Table, stored: Mapping[str, str]) -> pa.Table:
    """Rows with their columns as the contract has them today, also where `_numbers` names them."""
    if not stored:
        return rows
    columns = {name: rows.column(name) for name in rows.column_names}
    numbers = columns["_numbers"].cast(pa.string())
    for name, before in stored.items():
        numbers = pc.replace_substring(numbers, f",{before},", f",{before},{name},")
    now = {name: columns[before] for name, before in stored.items()}
    return pa.table({**columns, **now, "_numbers": numbers})


def _coded(metadata: pq.FileMetaData) -> list[str]:
    group = metadata.row_group(0)
    columns = (group.column(place) for place in range(group.num_columns))
    return [c.path_in_schema for c in columns if c.physical_type == "BYTE_ARRAY" and "RLE_DICTIONARY" in c.encodings]


def _gathered(tables: list[pa.Table]) -> pa.Table:
    """One table; a column that only some have as a dictionary is written out."""
    if len(tables) == 1:
        return tables[0]
    names = [name for name in tables[0].column_names if all(name in table.column_names for table in tables)]
    mixed = {name for name in names if len({table.schema.field(name).type for table in tables}) > 1}
    plain = [
        pa.table({n: table.column(n).cast(pa.string()) if n in mixed else table.column(n) for n in names})
        for table in tables
    ]
    return pa.concat_tables(plain)


class _File:
    """A file of a layer, which is there only once there are rows."""

    def __init__(self, file: Path, schema: pa.Schema) -> None:
        self._file, self._schema, self._rows = file, schema, 0
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: pa.Table | None) -> None:
        if rows is None:
            return
        if self._writer is None:
            self._schema = pa.schema([_stored(column, rows.schema.field(column.name).type) for column in self._schema])
            # To build dictionaries of what mostly differs costs more than it saves; texts that repeat bring theirs.
            coded = [column.name for column in self._schema if not pa.types.is_string(column.type)]
            dates = [column.name for column in self._schema if pa.types.is_date(column.type)]
            self._writer = pq.ParquetWriter(
                self._file,
                self._schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=coded,
                write_statistics=[*(column.name for column in SYSTEM), *dates],
                store_schema=False,
            )
        columns = [_as(rows.column(column.name), column.type) for column in self._schema]
        self._writer.write_table(pa.table(columns, schema=self._schema), row_group_size=rows.num_rows)
        self._rows += rows.num_rows

    def close(self) -> int:
        """Ends the file; returns its rows."""
        if self._writer:
            self._writer.close()
        return self._rows


def _stored(column: pa.Field, delivered: pa.DataType) -> pa.Field:
    return column.with_type(delivered) if pa.types.is_dictionary(delivered) else column


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """The column of a later chunk as the first one had it: plain, or as a dictionary."""
    if column.type == kind:
        return column
    return column.dictionary_encode() if pa.types.is_dictionary(kind) else column.cast(kind)
