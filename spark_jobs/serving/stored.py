"""Tables of the lake flow in; the tables that the serving file has of them, each with what it is made of, flow out."""

# pyarrow.dataset is imported by what needs it: a run that finds nothing new must not pay for it.
from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from schemas.contract import Contract, TableContract
from schemas.contract.labels import labels, served_columns
from spark_jobs.lake.codes import labelled_codes, regions
from spark_jobs.lake.sql import DATAFUSION
from spark_jobs.lake.tables import dataset, stream
from spark_jobs.lake.upkeep import SIZES
from spark_jobs.serving.detail import DETAIL, detail_sql, stored_columns

if TYPE_CHECKING:
    from pyarrow.dataset import FileSystemDataset

# The tables that views of details put together.
ACT = "act"
# The first format that keeps text by its dictionary, compressed: at 1.5 M rows a fifth less processor time to write.
# Two threads leave row groups half empty: two fifths more file, and as long to write. The file is written as a whole,
# so what its log holds is taken over once, at the end (160 tables: 1 s of 15 less).
FILE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.3.0",
    "threads": 1,
    "checkpoint_threshold": "1TB",
}


@dataclass(frozen=True)
class Stored:
    """A table of the serving file; `made_of` is another text whenever it would hold something else."""

    name: str
    made_of: str
    sql: str
    rows: FileSystemDataset
    columns: list[str]

    def write(self, database: duckdb.DuckDBPyConnection) -> None:
        """Writes the table, with what it is made of as its comment."""
        database.register("incoming", stream(self.rows, self.columns))
        # Without files there are no rows: then joins to labels, which DuckDB would carry out, are left out of the plan.
        limit = "" if self.rows.files else " limit 0"
        database.execute(f"create table {self.name} as {self.sql}{limit}")
        database.execute(f"comment on table {self.name} is '{self.made_of}'")
        database.unregister("incoming")


def stored(contract: Contract, path: Path, joined: str) -> list[Stored]:
    """One table of a table of gold or themes; of a detail, one for each large data file and one for all small ones.

    `joined` is the fingerprint of the words.
    """
    rows = dataset(path)
    if not (isinstance(contract, TableContract) and contract.layer == DETAIL):
        columns = [column.name for column in contract.columns if not column.is_personal]
        sql = _labelled(contract, "incoming")
        return [Stored(contract.name, _made_of(sql, rows, columns, joined), sql, rows, columns)]
    columns, sql, found = stored_columns(contract), _labelled(contract, f"({detail_sql(contract)})"), []
    for lot in _lots(rows):
        made_of = _made_of(sql, lot, columns, joined)
        found.append(Stored(f"{ACT}.{contract.table}_{made_of[:16]}", made_of, sql, lot, columns))
    return found


def words() -> dict[str, pa.Table]:
    """What is joined to the rows: the label of every code of every list, and the regions."""
    return {"code": labelled_codes(), "region": pa.Table.from_pylist(list(regions()))}


def fingerprint(words: dict[str, pa.Table]) -> str:
    """Changes when any of the words does."""
    return _digest({name: table.to_pylist() for name, table in words.items()})


def holding(file: Path) -> dict[str, str | None]:
    """What each table of a serving file is made of; of one that cannot be read, nothing."""
    with suppress(duckdb.Error), duckdb.connect(str(file), read_only=True) as database:
        return dict(
            database.execute("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall()
        )
    return {}


def _lots(rows: FileSystemDataset) -> list[FileSystemDataset]:
    """Files that upkeep will soon make one are one lot, for every table has its cost; each of the others is its own."""
    from pyarrow.dataset import FileSystemDataset

    files = sorted(rows.get_fragments(), key=lambda file: str(file.path))
    large = [rows.filesystem.get_file_info(file.path).size >= SIZES[0] for file in files]
    small = [file for file, is_large in zip(files, large, strict=True) if not is_large]
    lots = [[file] for file, is_large in zip(files, large, strict=True) if is_large]
    if small or not lots:
        lots.append(small)
    return [FileSystemDataset(lot, rows.schema, rows.format, rows.filesystem) for lot in lots]


def _made_of(sql: str, rows: FileSystemDataset, columns: list[str], joined: str) -> str:
    """Data files never change: the same files, read and labelled in the same way, are the same rows."""
    types = [str(rows.schema.field(name)) for name in columns]
    return _digest([FILE, sql, types, sorted(rows.files), joined])


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()


def _labelled(contract: Contract, rows: str) -> str:
    """The rows with the label of each code beside it."""
    joins, columns = "", {column.name: f"served.{column.name}" for column in served_columns(contract)}
    for place, label in enumerate(labels(contract)):
        code, words = f"served.{label.of.name}", f"code_{place}"
        code = f"cast(cast({code} as integer) as varchar)" if label.is_yes_no else code
        own = " ".join(f"when {_text(key)} then {_text(word)}" for key, word in label.of.says.items())
        columns[label.column.name] = f"case {code} {own} else {words}.label end" if own else f"{words}.label"
        joins += f" left join code as {words} on {words}.list = {_text(label.codes)} and {words}.code = {code}"
    listed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"select {listed} from {rows} as served{joins}"


def _text(value: str) -> str:
    return DATAFUSION.literal(value)
