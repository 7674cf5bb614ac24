"""Delta tables by path: what they hold flows in and out through delta-rs, the same for both engines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, Field, QueryBuilder, WriterProperties, write_deltalake
from deltalake.transaction import AddAction

from schemas.contract import TableContract, contracts, feeds
from spark_jobs.lake.columns import bronze_schema, quarantine_schema, silver_schema, table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.empty import PROPERTIES, create_empty, first_commit
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.remembered import remember
from spark_jobs.lake.sql import DATAFUSION, Where

if TYPE_CHECKING:
    from pyarrow.dataset import FileSystemDataset

# The layers whose tables are rebuilt when their columns change (building/dbt.py).
REBUILT = ("base", "themes")
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)


def promised_tables() -> dict[tuple[str, str], pa.Schema]:
    """The tables that exist from the first moment, by (layer, name)."""
    promised: dict[tuple[str, str], pa.Schema] = {}
    for name, contract in feeds().items():
        promised["bronze", name] = bronze_schema(contract)
        promised["silver", name] = silver_schema(contract)
        promised["quarantine", name] = quarantine_schema()
    for table in contracts().values():
        if table.layer in ("base", "ops") or (isinstance(table, TableContract) and table.is_fed):
            promised[table.layer, table.table] = table_schema(table)
    return promised


def create_tables(home: Home) -> None:
    """Creates every promised table that is not there yet, and adds the columns and properties that it lacks.

    Where nothing is declared otherwise than last time, only tables that have gone are made.
    """
    mark = _declaration(home)
    is_known = mark.is_current()
    missing = {}
    for (layer, name), schema in promised_tables().items():
        path = home.table(layer, name)
        if not exists(path):
            missing[path] = schema, days_of(layer, name)
        elif not is_known and layer not in REBUILT:
            _renew(DeltaTable(path), schema)
    create_empty(missing)
    if not is_known:
        remember(home)
        mark.keep()


def days_of(layer: str, name: str) -> list[str] | None:
    """The column by whose days a table's rows lie, if they do."""
    contract = contracts().get(f"{layer}.{name}")
    return [contract.partition] if isinstance(contract, TableContract) and contract.partition else None


def are_declared_otherwise(home: Home) -> bool:
    """Whether somebody made the home's tables who had other declarations than we."""
    mark = _declaration(home)
    return mark.path.exists() and not mark.is_current()


def _declaration(home: Home) -> Mark:
    return Mark(home.state / "tables.json", {"declared": declared()})


def _renew(table: DeltaTable, schema: pa.Schema) -> None:
    if PROPERTIES.items() - table.metadata().configuration.items():
        table.alter.set_table_properties(PROPERTIES)
    existing = {column.name for column in table.schema().fields}
    gained = [Field.from_arrow(column) for column in schema if column.name not in existing]
    if gained:
        table.alter.add_columns(gained)


def retyped(path: Path, schema: pa.Schema) -> dict[str, tuple[str, str]]:
    """The columns of a table that have another type than they should: what they have, and what they should."""
    theirs = {column.name: column.type for column in DeltaTable(path).schema().fields}
    ours = {column.name: Field.from_arrow(column).type for column in schema}
    return {
        name: (_type_name(theirs[name]), _type_name(kind))
        for name, kind in ours.items()
        if name in theirs and theirs[name] != kind
    }


def _type_name(kind: object) -> str:
    """A Delta type as people write it."""
    return str(getattr(kind, "type", kind))


def tables(home: Home, layer: str = "*") -> list[tuple[str, str]]:
    """Every (layer, table) that exists on disk, of one layer or of all."""
    return sorted((path.parent.name, path.name) for path in home.warehouse.glob(f"{layer}/*") if exists(path))


def exists(path: Path) -> bool:
    """Whether a table's first commit was written; a full disk may leave a log without one."""
    return version(path) is not None


def is_empty(path: Path) -> bool:
    """Whether a table is there that holds no row, or was never written to."""
    return exists(path) and not data_files(path)


def has_rows(path: Path) -> bool:
    """Whether a table is there that holds a row."""
    return exists(path) and bool(data_files(path))


def data_files(path: Path) -> list[str]:
    """Where the rows of a table lie."""
    # Hundreds of a home's tables are as they were created: to read how is enough.
    if version(path) == 0 and '"add":' not in first_commit(path).read_text():
        return []
    return list(DeltaTable(path).file_uris())


def version(path: Path) -> int | None:
    """A table's version, from the names of its commits alone; None where there is no table."""
    with suppress(FileNotFoundError, NotADirectoryError):
        # Path.iterdir would make an object of every name, in each of hundreds of tables, in every run.
        commits = [name[:-5] for name in os.listdir(path / "_delta_log") if name.endswith(".json")]  # noqa: PTH208
        return max((int(commit) for commit in commits if commit.isdigit()), default=None)
    return None


def read(path: Path, columns: list[str] | None = None, where: Where | None = None) -> pa.Table:
    """The rows of a table; `where` prunes files and filters rows."""
    table = DeltaTable(path)
    schema = pa.schema(table.schema())
    names = columns or schema.names
    rows = _query(table, ", ".join(f'"{name}"' for name in names), where)
    return rows.cast(pa.schema([schema.field(name) for name in names]))


def _query(table: DeltaTable, selected: str, where: Where | None) -> pa.Table:
    """An answer of DataFusion inside delta-rs: an Arrow dataset takes a millisecond a file before its first row."""
    query = f"select {selected} from queried {f'where {DATAFUSION.condition(where)}' if where else ''}"
    return pa.table(QueryBuilder().register("queried", table).execute(query).read_all())


def files_since(path: Path, column: str, moment: datetime) -> list[Path]:
    """The files of a table that may hold rows of that moment or later."""
    files = pa.table(DeltaTable(path).get_add_actions(flatten=True))
    # Statistics keep milliseconds, rounded down.
    latest = pc.greater_equal(files[f"max.{column}"], pa.scalar(moment.replace(microsecond=0)))
    return [path / name for name in files.filter(pc.fill_null(latest, True))["path"].to_pylist()]


def dataset(path: Path) -> FileSystemDataset:
    """The rows of a table where they lie, to be read file by file."""
    return DeltaTable(path).to_pyarrow_dataset()


def stream(rows: FileSystemDataset, columns: list[str], chosen: pc.Expression | None = None) -> pa.RecordBatchReader:
    """The rows (only those chosen), batch by batch, in the memory of a few of them."""
    return rows.scanner(columns, filter=chosen, batch_readahead=2, fragment_readahead=1).to_reader()


def append(path: Path, rows: pa.Table) -> None:
    """Adds rows in one commit."""
    write_deltalake(path, rows, mode="append", writer_properties=ZSTD)


def add_files(path: Path, files: Mapping[Path, str]) -> None:
    """Adds Parquet files of a table's folder in one commit, each with its statistics as Delta's log has them."""
    table = DeltaTable(path)
    actions = [
        AddAction(file.name, stat.st_size, {}, int(stat.st_mtime * 1000), True, statistics)
        for file, statistics in files.items()
        for stat in [file.stat()]
    ]
    table.create_write_transaction(actions, "append", table.schema())


def merge(path: Path, rows: pa.Table, key: Sequence[str]) -> None:
    """Adds rows in one commit, in the place of those with the same key."""
    same = " and ".join(f"target.{name} = source.{name}" for name in key)
    merging = DeltaTable(path).merge(rows, same, "source", "target", writer_properties=ZSTD)
    merging.when_matched_update_all().when_not_matched_insert_all().execute()


def remove(path: Path, where: Where) -> int:
    """Takes rows out of a table in one commit; returns how many."""
    return int(DeltaTable(path).delete(DATAFUSION.condition(where))["num_deleted_rows"] or 0)


def overwrite(path: Path, rows: pa.Table) -> None:
    """Replaces a table's rows in one commit."""
    write_deltalake(path, rows, mode="overwrite", schema_mode="overwrite", writer_properties=ZSTD)


def deliveries_in(path: Path, deliveries: set[str], column: str, since: datetime) -> set[str]:
    """Those of the deliveries that a table holds rows of; only files written since then are opened.

    `column` is the table's time of writing.
    """
    if not deliveries:
        return set()
    holding = read(path, ["_delivery"], [(column, ">=", since)]).column("_delivery").unique()
    return deliveries & set(holding.to_pylist())


def take_back(path: Path, deliveries: set[str], column: str, since: datetime) -> int:
    """Removes what an earlier run wrote of these deliveries; returns the number of rows removed."""
    holding = sorted(deliveries_in(path, deliveries, column, since))
    return remove(path, [("_delivery", "in", holding)]) if holding else 0
