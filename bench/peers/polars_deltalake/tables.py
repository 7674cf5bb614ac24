"""Frames flow in and Delta tables flow out; their rows flow back as lazy frames."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from deltalake import DeltaTable, write_deltalake

from schemas.contract import Column, Contract

STRINGS = pl.List(pl.String)
TIMESTAMP = pl.Datetime("us", "UTC")
TYPES = {
    "string": pl.String,
    "integer": pl.Int64,
    "double": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp": TIMESTAMP,
    "list": STRINGS,
    "array<string>": STRINGS,
}


def dtype(column: Column) -> pl.DataType | type[pl.DataType]:
    """The type in which a contract's column is kept."""
    name = str(column.type)
    if name.startswith("decimal"):
        precision, scale = name.removeprefix("decimal(").removesuffix(")").split(",")
        return pl.Decimal(int(precision), int(scale))
    return TYPES[name]


def append(path: Path, rows: pl.DataFrame) -> None:
    """Adds rows in one commit."""
    write_deltalake(path, rows, mode="append")


def overwrite(path: Path, rows: pl.DataFrame) -> None:
    """Replaces all rows in one commit."""
    write_deltalake(path, rows, mode="overwrite")


def scan(path: Path) -> pl.LazyFrame | None:
    """The rows that a table has now, read as far as they are asked for; None where there is no table yet."""
    if not DeltaTable.is_deltatable(str(path)):
        return None
    return pl.scan_delta(str(path), version=DeltaTable(path).version())


def shaped(rows: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """The columns that a contract promises, in its types; what only merges note (`_…`, `claims`) is not among them."""
    return rows.select(
        pl.col(column.name) if str(column.type).startswith("array<struct") else pl.col(column.name).cast(dtype(column))
        for column in promised(contract)
    )


def promised(contract: Contract) -> list[Column]:
    """A contract's columns without what only merges note."""
    return [column for column in contract.columns if column.name != "claims" and not column.name.startswith("_")]
