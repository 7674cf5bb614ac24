"""Rows flow in; a Delta table's new version flows out: one Parquet file, in the place of others where rows changed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions


def files(table: Path) -> list[str]:
    """The table's Parquet files, none if there is no table yet."""
    return DeltaTable(table).file_uris() if (table / "_delta_log").exists() else []


def write(con: duckdb.DuckDBPyConnection, rows: pa.Table | str, table: Path, replaced: Sequence[str] = ()) -> None:
    """Adds a table's or a query's rows in one commit, in the place of the files that are replaced."""
    table.mkdir(parents=True, exist_ok=True)
    path = table / f"{uuid.uuid4()}.parquet"
    if isinstance(rows, str):
        con.execute(f"copy ({rows}) to '{path}' (format parquet, compression snappy)")
    else:
        pq.write_table(rows, path, compression="snappy", store_schema=False, write_statistics=False)
    written = pq.read_metadata(path)
    schema = Schema.from_arrow(written.schema.to_arrow_schema())
    moment = int(time.time() * 1000)
    added = AddAction(path.name, path.stat().st_size, {}, moment, True, f'{{"numRecords": {written.num_rows}}}')
    if not (table / "_delta_log").exists():
        create_table_with_add_actions(str(table), schema, [added])
        return
    removed = [RemoveAction(Path(uri).name, True, moment) for uri in replaced]
    DeltaTable(table).create_write_transaction([added, *removed], "append", schema)
