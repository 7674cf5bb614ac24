"""Rows of a lake that tests of one field ask for again and again: its tables, its figures, the limits of a law."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import Row


def limit(
    field: str,
    code: str,
    value: str,
    since: date,
    basis: str = "《条例》第一条",
    until: date | None = None,
    operator: str = "at_most",
) -> Row:
    """A limit of a field as a law set it from a day on, as its department delivers it."""
    named = {"limit_code": code, "field": field, "limit_name": code, "limit_operator": operator}
    days = {"effective_date": since, "expired_date": until}
    return {**named, "bound_value": Decimal(value), "legal_basis": basis, **days}


def rows_of(home: Home, table: str) -> list[Row]:
    """The rows of a table such as `themes.environment_manifest`."""
    return read(home.table(*table.split("."))).to_pylist()


def year(home: Home, indicator: str, of: int = 2026) -> tuple[Decimal, Decimal | None, bool | None]:
    """Numerator, denominator and `is_breached` of the whole province's figure of a year."""
    [row] = [
        row
        for row in rows_of(home, "gold.indicator")
        if (row["indicator"], row["period_kind"], row["period"], row["is_total"])
        == (indicator, "year", date(of, 1, 1), True)
    ]
    return row["numerator"], row["denominator"], row["is_breached"]
