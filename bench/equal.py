"""A Lakewarden home and what a peer wrote flow in; every difference, by table, column and key, flows out as text.

python -m bench.equal LAKEWARDEN_HOME PEER_OUT

Compared are the frozen tables (bench/frozen): as the peer has them, and as a query finds them in the home. In the place
of a peer's folder another home may stand.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from bench.frozen import FrozenTable, frozen_tables

SHOWN = 5
LAYERS = ("silver", "quarantine", "base", "themes", "gold")
# A table of a home, as the frozen queries name it.
NAMED = re.compile(r"\b(?:silver|quarantine|ops|base|themes|gold|codes)\.\w+")
# Of base: a set has no order, and when a row was withdrawn is told by moments that need not be the same.
INSTEAD = {"sources": "list_sort(sources)", "withdrawn_at": "withdrawn_at is null"}
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


@dataclass(frozen=True)
class Side:
    """A query, the Delta tables by the names that it gives them, and the names of those that are not there."""

    query: str
    lakes: Mapping[str, DeltaTable]
    missing: tuple[str, ...] = ()


def whole(name: str, lake: DeltaTable) -> Side:
    """A table as it is."""
    return Side(f"from {name}", {name: lake})


def row_differences(table: Table, first: Side, second: Side) -> list[str]:
    """Columns of unequal type; if there are none, the first rows of one side alone, and the first unequal cells."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/compared.duckdb") as base:
        base.execute(f"set memory_limit = '{MEMORY}'; set timezone = 'UTC'; set enable_progress_bar = false")
        key = table.key or table.columns
        types = {}
        for name, side in (("first", first), ("second", second)):
            try:
                types[name] = _load(base, name, table, side, key)
            except duckdb.Error as refusal:
                return [f"{table.name}: the {name} has no such table: {str(refusal).splitlines()[0]}"]
        apart = [
            f"{table.name}.{column}: {types['first'][column]} ≠ {types['second'][column]}"
            for column in table.columns
            if types["first"][column] != types["second"][column]
        ]
        return apart or [*_lone_rows(base, table.name, key), *_unequal_cells(base, table, key)]


def _load(base: duckdb.DuckDBPyConnection, name: str, table: Table, side: Side, key: Sequence[str]) -> dict[str, str]:
    """The compared columns of one side, and their types; rows of the same key are numbered, so each finds its like."""
    for number, (lake_name, lake) in enumerate(side.lakes.items()):
        base.execute(f"create schema if not exists {lake_name.split('.')[0]}")
        base.register(f"{name}_{number}", lake.to_pyarrow_dataset())
        base.execute(f"create or replace view {lake_name} as from {name}_{number}")
    described = base.execute(f"describe select {_listed(table.columns)} from ({side.query})").fetchall()
    there = [f"{table.instead.get(column, _quoted(column))} as {_quoted(column)}" for column in table.columns]
    base.execute(
        f"create table {name}_rows as select {', '.join(there)} from ({side.query}) where ({table.without}) is not true"
    )
    keys = _listed(key)
    base.execute(
        f"create table {name} as select *, 1 as nth from {name}_rows"
        if _is_unique(base, name, keys)
        else f"create table {name} as select *,"
        f" row_number() over (partition by {keys} order by hash({_listed(table.columns)})) as nth from {name}_rows"
    )
    base.execute(f"drop table {name}_rows")
    return {column: _kind(kind) for column, kind, *_ in described}


def _kind(kind: str) -> str:
    """A type without the width of its whole numbers, which no figure depends on."""
    return re.sub(r"\b(TINYINT|SMALLINT|INTEGER)\b", "BIGINT", kind)


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


def held_to(frozen: FrozenTable) -> Table:
    """What of a frozen table is compared."""
    is_base = frozen.name.startswith("base.")
    instead = {name: sql for name, sql in INSTEAD.items() if is_base and name in frozen.columns}
    without = "rows_delivered = 0" if frozen.name == "ops.delivery" else "false"
    return Table(frozen.name, frozen.key, tuple(frozen.columns), instead, TOLERANCE, without)


def differences(home: Path, out: Path) -> list[str]:
    """Every difference between a home and a peer's folder, or another home; empty if there is none."""
    found: list[str] = []
    compared = 0
    for frozen in frozen_tables().values():
        sides = {"first": _side(home, frozen), "second": _side(out, frozen)}
        lacking = [
            f"{frozen.name}: the {name} has no {', '.join(side.missing)}"
            for name, side in sides.items()
            if side.missing
        ]
        if not lacking:
            found += row_differences(held_to(frozen), *sides.values())
            compared += 1
        elif any(lake.to_pyarrow_dataset().count_rows() for side in sides.values() for lake in side.lakes.values()):
            found += lacking
    return found if found or compared else [f"neither {home} nor {out} has a table to compare"]


def _side(place: Path, frozen: FrozenTable) -> Side:
    """How a home, or a peer, has a frozen table."""
    warehouse = place / "warehouse"
    folder, query = (warehouse, frozen.query) if warehouse.exists() else (place, f"from {frozen.name}")
    named = {name: _opened(folder, name) for name in NAMED.findall(query)}
    lakes = {name: lake for name, lake in named.items() if lake}
    return Side(query, lakes, tuple(named.keys() - lakes.keys()))


def not_compared(home: Path) -> list[str]:
    """The tables and columns of a home that no frozen table speaks of."""
    by_itself = {name for name, frozen in frozen_tables().items() if frozen.query == f"from {name}"}
    read = {name for frozen in frozen_tables().values() for name in NAMED.findall(frozen.query)}
    found = []
    for path in sorted(path for layer in LAYERS for path in (home / "warehouse" / layer).glob("*")):
        name, lake = f"{path.parent.name}.{path.name}", _opened(home / "warehouse", f"{path.parent.name}.{path.name}")
        if lake and name not in read:
            found.append(name)
        elif lake and name in by_itself:
            own = [column.name for column in lake.schema().fields if column.name not in frozen_tables()[name].columns]
            found += [f"{name} ({', '.join(own)})"] if own else []
    return found


def _opened(warehouse: Path, name: str) -> DeltaTable | None:
    path = warehouse.joinpath(*name.split("."))
    return DeltaTable(path) if DeltaTable.is_deltatable(str(path)) else None


def main() -> int:
    """Compares and tells; 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m bench.equal", description=main.__doc__)
    parser.add_argument("home", type=Path, help="the home that Lakewarden filled")
    parser.add_argument("out", type=Path, help="the folder that a peer filled, or another home")
    options = parser.parse_args()
    found = differences(options.home, options.out)
    print("\n".join(found) or f"all {len(frozen_tables())} tables are equal")
    print("\n".join(f"not compared: {name}" for name in not_compared(options.home)))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
