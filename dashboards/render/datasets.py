"""Contracts flow in, Superset's dataset columns flow out, with their types and Chinese labels."""

from __future__ import annotations

import re
from typing import Any

from schemas.contract import Column, Contract, contracts
from schemas.contract.labels import served_columns

DUCKDB_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "double": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
COMPLEX = ("array", "map", "struct", "list")


def duckdb_type(column: Column) -> str:
    """The column's type as the serving file has it."""
    assert column.type, column.name
    if re.fullmatch(r"decimal\(\d+,\s*\d+\)", column.type):
        return column.type.upper()
    if column.type.startswith(COMPLEX):
        return "VARCHAR"
    return DUCKDB_TYPES[column.type]


def dataset_column(column: Column) -> dict[str, Any]:
    """One column as Superset imports it; a complex value can be shown, never grouped by."""
    assert column.type, column.name
    plain = not column.type.startswith(COMPLEX)
    return {
        "column_name": column.name,
        "verbose_name": column.label,
        "description": column.doc,
        "type": duckdb_type(column),
        "is_dttm": column.type in ("date", "timestamp"),
        "is_active": True,
        "groupby": plain,
        "filterable": plain,
    }


def served(dataset: dict[str, Any]) -> Contract:
    """The contract of the table that a dataset shows."""
    return contracts()[f"{dataset['schema']}.{dataset['table_name']}"]


def with_columns(dataset: dict[str, Any]) -> dict[str, Any]:
    """The dataset as written in git, with its contract's title and columns."""
    contract = served(dataset)
    return {
        **dataset,
        "description": contract.title,
        "columns": [dataset_column(column) for column in served_columns(contract)],
    }
