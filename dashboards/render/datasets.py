"""Contracts flow in, Superset's dataset columns flow out, with their types and Chinese labels."""

from __future__ import annotations

import re
from collections.abc import Collection
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
MONTH_TEXT, MONTHS_OFFERED = "month_text", 24
"""The months that can be picked and that curves show: the newest, since records of some kinds reach back for years."""
WHOLE_MONTH = "whole_month"
"""The months that a curve shows. Records begin on any day, so the first month is not known to be whole: a curve from it
would rise from next to nothing and tell of growth that never was. It is shown only while there is no other."""


def duckdb_type(column: Column) -> str:
    """The column's type as the serving file has it."""
    assert column.type, column.name
    if re.fullmatch(r"decimal\(\d+,\s*\d+\)", column.type):
        return column.type.upper()
    if column.type.startswith(COMPLEX):
        return "VARCHAR"
    return DUCKDB_TYPES[column.type]


def dataset_column(column: Column, beside: Collection[str]) -> dict[str, Any]:
    """One column as Superset imports it; a complex value or a code beside its label is not offered to people.

    beside: the names of all columns of its table.
    """
    assert column.type, column.name
    plain = not column.type.startswith(COMPLEX) and not is_coded(column, beside)
    return {
        "column_name": column.name,
        "verbose_name": column.label,
        "type": duckdb_type(column),
        "is_dttm": column.type in ("date", "timestamp"),
        "is_active": True,
        "groupby": plain,
        "filterable": plain,
    }


def whole_month_sql(table: str) -> str:
    """The month, or nothing in the first one and in those that are not offered.

    Superset leaves rows without a month out of a curve.
    """
    first, last = (f"(SELECT {extreme}(month) FROM {table})" for extreme in ("MIN", "MAX"))
    return f"CASE WHEN (month > {first} AND {_is_offered(table)}) OR month = {last} THEN month END"


def whole_month(dataset: dict[str, Any]) -> dict[str, Any]:
    """The column of that."""
    return {
        "column_name": WHOLE_MONTH,
        "verbose_name": "月份",
        "expression": whole_month_sql(f"{dataset['schema']}.{dataset['table_name']}"),
        "type": "DATE",
        "is_dttm": True,
        "is_active": True,
        "groupby": False,
        "filterable": False,
    }


def month_text_sql(table: str) -> str:
    """The month as text, or nothing where it is not among those that are offered."""
    return f"CASE WHEN {_is_offered(table)} THEN SUBSTR(CAST(month AS VARCHAR), 1, 7) END"


def _is_offered(table: str) -> str:
    """The condition that a month is among the newest."""
    return f"month > (SELECT MAX(month) FROM {table}) - INTERVAL {MONTHS_OFFERED} MONTH"


def month_text(dataset: dict[str, Any]) -> dict[str, Any]:
    """The month as people pick it: 2026-11."""
    return {
        "column_name": MONTH_TEXT,
        "verbose_name": "月份",
        "expression": month_text_sql(f"{dataset['schema']}.{dataset['table_name']}"),
        "type": "VARCHAR",
        "is_dttm": False,
        "is_active": True,
        "groupby": False,
        "filterable": True,
    }


def is_coded(column: Column, beside: Collection[str]) -> bool:
    """Whether a column for people stands beside it: city_name beside city_code, reasons_text beside reasons."""
    stem = column.name.removesuffix("_code")
    return f"{stem}_name" in beside or f"{stem}_text" in beside


def served(dataset: dict[str, Any]) -> Contract:
    """The contract of the table that a dataset shows."""
    return contracts()[f"{dataset['schema']}.{dataset['table_name']}"]


def with_columns(dataset: dict[str, Any]) -> dict[str, Any]:
    """The dataset as written in git, with its contract's title and columns."""
    contract = served(dataset)
    columns = {column.name: column for column in served_columns(contract)}
    return {
        **dataset,
        "description": contract.title,
        "columns": [
            *(dataset_column(column, columns.keys()) for column in columns.values()),
            *([whole_month(dataset), month_text(dataset)] if dataset["main_dttm_col"] == "month" else []),
        ],
    }
