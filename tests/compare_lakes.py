"""Two warehouses flow in; every difference between their tables, by table, column and key, flows out as text."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from schemas.contract import contracts
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import tables

# Wall time is all that may differ between two runs over the same files at the same fixed moment.
TIMED = {("ops", "delivery"): {"seconds"}}
SHOWN = 5
# What merges lay down for a moment on its way to base.
PASSING = "work"
# The microseconds with which a version begins (dbt_project/macros/version.sql).
VERSION_MOMENT = re.compile(r"(?<![0-9])([0-9]{10})[0-9]{6}(?=\|)")

Row = dict[str, Any]


def differences(one: Home, other: Home, is_to_the_second: bool = False) -> list[str]:
    """What is not equal, row for row, in any table of any layer; empty if nothing.

    To the second: moments count without their fractions, which only keep receipts of one moment in order.
    """
    ours, theirs = _tables(one), _tables(other)
    found = [f"{layer}.{name}: only in {one.path.name}" for layer, name in ours if (layer, name) not in theirs]
    found += [f"{layer}.{name}: only in {other.path.name}" for layer, name in theirs if (layer, name) not in ours]
    for layer, name in sorted(set(ours) & set(theirs)):
        found += _table_differences(layer, name, one, other, is_to_the_second)
    return found


def shape(lake: DeltaTable) -> dict[str, str]:
    """Columns with their nested types; Spark makes every column of a new table nullable, so that is not compared.

    Columns by which a table is laid down come last: the engines keep them in different places.
    """
    days = lake.metadata().partition_columns
    fields = sorted(lake.schema().fields, key=lambda field: field.name in days)
    return {field.name: json.dumps(_type(json.loads(field.type.to_json()))) for field in fields}


def _type(kind: Any) -> Any:
    if isinstance(kind, dict):
        return {
            key: _type(value)
            for key, value in kind.items()
            if not key.startswith(("nullable", "contains", "valueContains"))
        }
    return [_type(part) for part in kind] if isinstance(kind, list) else kind


def counts(home: Home) -> dict[str, int]:
    """The rows of every table."""
    return {
        f"{layer}.{name}": DeltaTable(home.table(layer, name)).to_pyarrow_table().num_rows
        for layer, name in _tables(home)
    }


def hashes(home: Home) -> dict[str, str]:
    """A fingerprint of the rows of every table, whatever their order."""
    return {f"{layer}.{name}": _hash(layer, name, home) for layer, name in _tables(home)}


def _hash(layer: str, name: str, home: Home) -> str:
    rows = _rows(DeltaTable(home.table(layer, name)).to_pyarrow_table(), TIMED.get((layer, name), set()))
    return hashlib.sha256("\n".join(map(_sorting, rows)).encode()).hexdigest()


def _tables(home: Home) -> list[tuple[str, str]]:
    return [(layer, name) for layer, name in tables(home) if layer != PASSING]


def _table_differences(layer: str, name: str, one: Home, other: Home, is_to_the_second: bool) -> list[str]:
    table = f"{layer}.{name}"
    left, right = (DeltaTable(home.table(layer, name)) for home in (one, other))
    shapes = [shape(lake) for lake in (left, right)]
    if list(shapes[0].items()) != list(shapes[1].items()):
        apart = sorted(set(shapes[0].items()) ^ set(shapes[1].items()))
        return [f"{table}: columns or their order differ: {', '.join(f'{column} {kind}' for column, kind in apart)}"]
    ignored = TIMED.get((layer, name), set())
    rows = [_rows(lake.to_pyarrow_table(), ignored, is_to_the_second) for lake in (left, right)]
    return [] if rows[0] == rows[1] else _row_differences(table, _key(layer, name), *rows)


def _key(layer: str, name: str) -> list[str]:
    contract = contracts().get(f"{layer}.{name}")
    return (
        list(contract.key)
        if contract
        else ["_delivery", "_line"]
        if layer in ("bronze", "silver", "quarantine")
        else []
    )


def _rows(table: pa.Table, ignored: set[str], is_to_the_second: bool = False) -> list[Row]:
    """Rows in one order, with nested values, in which maps know no order."""
    maps = {field.name for field in table.schema if pa.types.is_map(field.type)}
    kept = [name for name in sorted(table.column_names) if name not in ignored]
    rows = [
        {name: sorted(row[name]) if name in maps and row[name] is not None else row[name] for name in kept}
        for row in table.to_pylist()
    ]
    if is_to_the_second:
        rows = [{name: to_the_second(value) for name, value in row.items()} for row in rows]
    return sorted(rows, key=_sorting)


def to_the_second(value: Any) -> Any:
    """A value with its moments to the second, also where one begins a version: after a kill receipts may count anew."""
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, str):
        return VERSION_MOMENT.sub(r"\g<1>000000", value)
    if isinstance(value, dict):  # a struct, such as a row's claims
        return {name: to_the_second(part) for name, part in value.items()}
    return [to_the_second(part) for part in value] if isinstance(value, list | tuple) else value


def _sorting(row: Row) -> str:
    return json.dumps(row, default=_text, ensure_ascii=False, sort_keys=True)


def _text(value: object) -> str:
    if isinstance(value, date | datetime | Decimal | bytes):
        return repr(value)
    raise TypeError(f"{value!r} has no text of its own")


def _row_differences(table: str, key: list[str], left: list[Row], right: list[Row]) -> list[str]:
    """The first rows that only one side has, then the first cells of rows that both have by their key."""
    ours, theirs = Counter(map(_sorting, left)), Counter(map(_sorting, right))
    one = {_place(key, row): row for row in left if ours[_sorting(row)] > theirs[_sorting(row)]}
    other = {_place(key, row): row for row in right if theirs[_sorting(row)] > ours[_sorting(row)]}
    found = [f"{table}: {len(left)} and {len(right)} rows"]
    for side, rows, others in (("first", one, other), ("second", other, one)):
        found += [f"{table}: {place}: only in the {side}" for place in [p for p in rows if p not in others][:SHOWN]]
    cells: dict[str, list[str]] = {}
    for place in one.keys() & other.keys():
        for column, value in one[place].items():
            if value != other[place][column]:
                cells.setdefault(column, []).append(f"{place}: {value!r} ≠ {other[place][column]!r}")
    return found + [
        f"{table}.{name}: {len(texts)} rows: {text}" for name, texts in cells.items() for text in texts[:SHOWN]
    ]


def _place(key: list[str], row: Row) -> str:
    """Which row it is: its key, else all of it."""
    return ", ".join(f"{name}={row[name]}" for name in key) if key else _sorting(row)
