"""A figure and a cell of it flow in; the SQL of the rows that the cell counts flows out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from dbt_project.render.fields import field_of
from dbt_project.render.sql import condition
from schemas.contract import Measure, TableContract, indicators, measures, province
from schemas.contract.indicators import terms_of
from spark_jobs.lake.home import Refused
from spark_jobs.lake.sql import literal

PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})|-?Q(?P<quarter>[1-4]))?")


@dataclass(frozen=True)
class Cell:
    """Where a figure is looked at; None stands for all. `period`: 2026, 2026-Q1 or 2026-01."""

    period: str | None = None
    city: str | None = None
    county: str | None = None
    department: str | None = None
    field: str | None = None


def drill_sql(name: str, cell: Cell, is_denominator: bool = False) -> str:
    """The rows behind a measure, or behind one side of an indicator; Refused for a name that is neither."""
    parts = [_rows(*measures()[measure], cell) for measure in _measures(name, is_denominator)]
    if len(parts) > 1:
        raise Refused(
            f"{name} is made of several measures: ask for one of {', '.join(_measures(name, is_denominator))}"
        )
    return parts[0]


def _measures(name: str, is_denominator: bool) -> list[str]:
    if name in measures():
        return [name]
    if name not in indicators():
        raise Refused(f"{name} is no figure; there are {', '.join(sorted([*measures(), *indicators()]))}")
    side = indicators()[name].denominator if is_denominator else indicators()[name].numerator
    if side is None:
        raise Refused(f"{name} has no denominator")
    return [measure for _, measure in terms_of(side)]


def _rows(table: TableContract, measure: Measure, cell: Cell) -> str:
    shown = dict.fromkeys([*table.key, "object_id", *table.detail, *([table.event.date] if table.event else [])])
    public = [column.name for column in table.columns if column.name in shown and column.sensitivity != "personal"]
    where = [part for part in (condition(measure), *_chosen(table, cell)) if part]
    if table.layer == "base":
        where.append("withdrawn_at is null")
    order = f"{table.event.date} desc" if table.event else ", ".join(table.key)
    rows = f"select {', '.join(public)} from {table.name} as counted"
    return f"{rows} where {' and '.join(where) or 'true'} order by {order}"


def _chosen(table: TableContract, cell: Cell) -> list[str]:
    """The conditions of a cell, as the monthly facts count rows by it."""
    conditions = []
    if cell.city:
        conditions.append(f"coalesce(city_code, {literal(province().code)}) = {literal(cell.city)}")
    if cell.county:
        former = f"select code from codes.region where current_code = {literal(cell.county)}"
        conditions.append(f"region_code in ({former})")
    if cell.department:
        conditions.append(f"department = {literal(cell.department)}")
    if cell.field:
        conditions.append(f"{field_of(table)} = {literal(cell.field)}")
    if cell.period and table.event:
        first, last = _days(cell.period)
        conditions.append(f"{table.event.date} >= {literal(first)} and {table.event.date} < {literal(last)}")
    return conditions


def _days(period: str) -> tuple[date, date]:
    """The first day of a period, and the first day after it."""
    match = PERIOD.fullmatch(period)
    if match is None or not 1 <= int(match["month"] or 1) <= 12:
        raise Refused(f"{period} is no period: write 2026, 2026-Q1 or 2026-01")
    year = int(match["year"])
    if match["quarter"]:
        month, months = 3 * int(match["quarter"]) - 2, 3
    elif match["month"]:
        month, months = int(match["month"]), 1
    else:
        month, months = 1, 12
    end = month + months
    return date(year, month, 1), date(year + (end - 1) // 12, (end - 1) % 12 + 1, 1)
