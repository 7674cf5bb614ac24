"""A Lakewarden home and what a peer wrote flow in; every difference, by table, column and key, flows out as text.

python -m bench.equal LAKEWARDEN_HOME PEER_OUT
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from schemas.contract import SYSTEM_COLUMNS, contracts, feeds

SHOWN = 5
# bench/peers/README.md: what a peer need not keep.
OWN = {"claims", "_version", "_withdrawn_version", "_stated_by", "_withdrawn_by"}
COUNTS = ("rows_delivered", "rows_accepted", "rows_quarantined")
TOLERANCE = 1e-9
# Held for this much memory, the rest goes to the disk.
MEMORY = "4GB"


@dataclass(frozen=True)
class Table:
    """What of a table is compared, and by which key its rows are told apart (by all columns if by none)."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    # What stands in the place of a column, as SQL.
    instead: dict[str, str]
    tolerance: float = 0.0
    # Rows that do not count.
    without: str = "false"


def shape(lake: DeltaTable) -> dict[str, str]:
    """Columns with their nested types; Spark makes every column of a new table nullable, so that is not compared."""
    return {field.name: json.dumps(_type(json.loads(field.type.to_json()))) for field in lake.schema().fields}


def _type(kind: Any) -> Any:
    if isinstance(kind, dict):
        return {
            key: _type(value)
            for key, value in kind.items()
            if not key.startswith(("nullable", "contains", "valueContains"))
        }
    return [_type(part) for part in kind] if isinstance(kind, list) else kind


def row_differences(table: Table, first: DeltaTable, second: DeltaTable) -> list[str]:
    """The number of rows, if it differs, then the first rows that one side has alone and the first unequal cells."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/compared.duckdb") as base:
        base.execute(f"set memory_limit = '{MEMORY}'; set timezone = 'UTC'; set enable_progress_bar = false")
        key = table.key or table.columns
        for side, lake in (("first", first), ("second", second)):
            _load(base, side, table, lake, key)
        return [*_lone_rows(base, table.name, key), *_unequal_cells(base, table, key)]


def _load(base: duckdb.DuckDBPyConnection, side: str, table: Table, lake: DeltaTable, key: Sequence[str]) -> None:
    """The compared columns of one side; rows of the same key are numbered, so that each finds its like."""
    dataset = lake.to_pyarrow_dataset()
    there = [
        f"{table.instead.get(name) or _ordered(dataset.schema.field(name))} as {_quoted(name)}"
        for name in table.columns
    ]
    base.register("delivered", dataset)
    base.execute(f"create table {side}_rows as select {', '.join(there)} from delivered")
    base.unregister("delivered")
    base.execute(f"delete from {side}_rows where {table.without}")
    keys = _listed(key)
    base.execute(
        f"create table {side} as select *, 1 as nth from {side}_rows"
        if _is_unique(base, side, keys)
        else f"create table {side} as select *,"
        f" row_number() over (partition by {keys} order by hash({_listed(table.columns)})) as nth from {side}_rows"
    )
    base.execute(f"drop table {side}_rows")


def _ordered(column: pa.Field) -> str:
    """A map knows no order."""
    name = _quoted(column.name)
    return f"list_sort(map_entries({name}))" if pa.types.is_map(column.type) else name


def _is_unique(base: duckdb.DuckDBPyConnection, side: str, keys: str) -> bool:
    found = base.execute(f"select 1 from {side}_rows group by {keys} having count(*) > 1 limit 1").fetchone()
    return found is None


def _lone_rows(base: duckdb.DuckDBPyConnection, name: str, key: Sequence[str]) -> Iterator[str]:
    for side, other in (("first", "second"), ("second", "first")):
        lone = f"from {side} anti join {other} on {_same(key, side, other)}"
        [count] = base.execute(f"select count(*) {lone}").fetchone() or [0]
        if count:
            yield f"{name}: {count} rows only in the {side}"
            rows = base.execute(f"select {_listed(key)} {lone} order by all limit {SHOWN}").fetchall()
            yield from (f"{name}: {_place(key, row)}: only in the {side}" for row in rows)


def _unequal_cells(base: duckdb.DuckDBPyConnection, table: Table, key: Sequence[str]) -> Iterator[str]:
    kinds = dict(
        base.execute("select column_name, data_type from duckdb_columns() where table_name = 'first'").fetchall()
    )
    unequal = {}
    for column in (column for column in table.columns if column not in key):
        cells = (f"first.{_quoted(column)}", f"second.{_quoted(column)}")
        unequal[column] = f"not ({_equal(*cells, kinds[column], table.tolerance)})"
    if not unequal:
        return
    both = f"from first join second on {_same(key, 'first', 'second')}"
    counts = base.execute(f"select {', '.join(f'count(*) filter (where {one})' for one in unequal.values())} {both}")
    for (column, test), count in zip(unequal.items(), counts.fetchone() or (), strict=True):
        if count:
            yield f"{table.name}.{column}: {count} rows"
            shown = f"first.{_quoted(column)}, second.{_quoted(column)}, {_listed(key, 'first.')}"
            for ours, theirs, *place in base.execute(f"select {shown} {both} where {test} limit {SHOWN}").fetchall():
                yield f"{table.name}.{column}: {_place(key, place)}: {ours!r} ≠ {theirs!r}"


def _equal(first: str, second: str, kind: str, tolerance: float) -> str:
    """Whether two values of a type are equal, its floats within the tolerance of their size."""
    if not tolerance or "DOUBLE" not in kind:
        return f"{first} is not distinct from {second}"
    if kind == "DOUBLE":
        near = f"abs({first} - {second}) <= {tolerance} * greatest(1, abs({first}))"
        return f"({first} is not distinct from {second} or coalesce({near}, false))"
    if kind.endswith("[]"):
        member = _equal(f"{first}[i]", f"{second}[i]", kind.removesuffix("[]"), tolerance)
        each = f"list_bool_and(list_transform(range(1, len({first}) + 1), lambda i: {member}))"
        return f"({first} is not distinct from {second} or coalesce(len({first}) = len({second}) and {each}, false))"
    parts = duckdb.sqltype(kind).children
    return " and ".join(
        _equal(f"{first}.{_quoted(name)}", f"{second}.{_quoted(name)}", str(of), tolerance) for name, of in parts
    )


def _same(key: Sequence[str], one: str, other: str) -> str:
    names = [*map(_quoted, key), "nth"]
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in names)


def _place(key: Sequence[str], values: Sequence[object]) -> str:
    """Which row it is."""
    return ", ".join(f"{name}={value}" for name, value in zip(key, values, strict=True))


def _listed(names: Sequence[str], of: str = "") -> str:
    return ", ".join(f"{of}{_quoted(name)}" for name in names)


def _quoted(name: str) -> str:
    return f'"{name}"'


# --- a home and a peer


def promised() -> Iterator[Table]:
    """What a peer is held to."""
    for name, contract in feeds().items():
        columns = tuple(column.name for column in contract.columns)
        by_line, system = ("_delivery", "_line"), SYSTEM_COLUMNS
        yield Table(f"silver.{name}", by_line, (*columns, *system, "_flags"), {}, TOLERANCE)
        yield Table(f"quarantine.{name}", by_line, (*system, "_reasons"), {})
    place = ("_delivery", "department", "feed", "file_name")
    yield Table("ops.delivery", place, (*place, "received_at", *COUNTS), {}, without="rows_delivered = 0")
    instead = {"sources": "list_sort(sources)", "withdrawn_at": "withdrawn_at is null"}
    for contract in contracts().values():
        if contract.layer in ("base", "themes", "gold"):
            columns = tuple(column.name for column in contract.columns if column.name not in OWN)
            of_base = {name: sql for name, sql in instead.items() if name in columns}
            yield Table(contract.name, contract.key, columns, of_base, TOLERANCE)


def differences(home: Path, out: Path) -> list[str]:
    """Every difference between a home's tables and a peer's; empty if there is none."""
    found: list[str] = []
    for table in promised():
        layer, name = table.name.split(".")
        ours, theirs = (_opened(folder / layer / name) for folder in (home / "warehouse", out))
        if ours and theirs:
            found += _table_differences(table, ours, theirs)
        elif there := ours or theirs:
            rows, side = there.to_pyarrow_dataset().count_rows(), "the home" if ours else "the peer"
            found += [f"{table.name}: {rows} rows, and only {side} has the table"] * bool(rows)
    return found


def _opened(path: Path) -> DeltaTable | None:
    return DeltaTable(path) if DeltaTable.is_deltatable(str(path)) else None


def _table_differences(table: Table, ours: DeltaTable, theirs: DeltaTable) -> list[str]:
    shapes = [shape(lake) for lake in (ours, theirs)]
    apart = [
        f"{table.name}.{name}: {_kind(shapes[0][name])} ≠ {_kind(shapes[1].get(name, 'not there'))}"
        for name in table.columns
        if _kind(shapes[0][name]) != _kind(shapes[1].get(name, "not there"))
    ]
    return apart or row_differences(table, ours, theirs)


def _kind(kind: str) -> str:
    """A type without the width of its whole numbers, which no figure depends on."""
    return kind.replace('"integer"', '"long"').replace('"short"', '"long"').replace('"byte"', '"long"')


def main() -> int:
    """Compares and tells; 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m bench.equal", description=main.__doc__)
    parser.add_argument("home", type=Path, help="the home that Lakewarden filled")
    parser.add_argument("out", type=Path, help="the folder that a peer filled, or another home's warehouse")
    options = parser.parse_args()
    found = differences(options.home, options.out)
    print("\n".join(found) or f"all {len(list(promised()))} tables are equal")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
