"""A figure and a cell of it flow in; the SQL of the rows that the cell counts flows out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from dbt_project.render.fields import dimension_of, joined
from dbt_project.render.sql import condition
from expectations.rule import rules
from schemas.contract import Measure, TableContract, code_list, departments, fields, indicators, measures
from schemas.contract.indicators import CATALOGUE, COLUMNS, READ_FROM, Dimension, has_dimension, terms_of
from schemas.likely import likely
from spark_jobs.building.rules_sql import judged_sql
from spark_jobs.lake.home import Refused, today
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
    item_class: str | None = None

    @property
    def dimensions(self) -> dict[Dimension, str]:
        """The dimensions that are chosen, with their values."""
        chosen = {dimension: getattr(self, dimension) for dimension in COLUMNS}
        return {dimension: value for dimension, value in chosen.items() if value is not None}


def drill_sql(name: str, cell: Cell, is_denominator: bool = False) -> str:
    """The rows behind a measure, behind one side of an indicator, or that break a rule; Refused for any other name."""
    _check(cell)
    if name in rules():
        return _breaking(name, cell)
    parts = [_rows(*measures()[measure], cell) for measure in _measures(name, is_denominator)]
    if len(parts) > 1:
        raise Refused(
            f"{name} is made of several measures: ask for one of {', '.join(_measures(name, is_denominator))}"
        )
    return parts[0]


def _check(cell: Cell) -> None:
    """Refuses a value that there is none of: no row would be told from no such thing."""
    divisions = {code.code for code in code_list("region")}
    known = {"city": divisions, "county": divisions, "department": departments(), "field": fields()}
    for kind, values in known.items():
        written = getattr(cell, kind)
        if written is not None and written not in values:
            raise Refused(f"{written!r} is no {kind}; {likely(written, values)}")


def _measures(name: str, is_denominator: bool) -> list[str]:
    if name in measures():
        return [name]
    if name not in indicators():
        raise Refused(f"{name} is no figure and no rule; {likely(name, [*measures(), *indicators(), *rules()])}")
    side = indicators()[name].denominator if is_denominator else indicators()[name].numerator
    if side is None:
        raise Refused(f"{name} has no denominator")
    return [measure for _, measure in terms_of(side)]


def _breaking(name: str, cell: Cell) -> str:
    """The rows that break a rule, of all departments or of one."""
    if others := [*(cell.dimensions.keys() - {"department"}), *(["period"] if cell.period else [])]:
        raise Refused(f"{name} is a rule: its rows are told by --department alone, not by {', '.join(others)}")
    rule = rules()[name]
    public = _shown(rule.table)
    whose = f" and department = {literal(cell.department)}" if cell.department else ""
    order = ", ".join(column for column in rule.table.key if column in public)
    judged = judged_sql(rule, today())
    return f"select {', '.join(public)} from ({judged}) as judged where is_wrong{whose} order by {order}"


def _shown(table: TableContract) -> list[str]:
    """The columns of a row that people see who ask which rows there are."""
    shown = {*table.key, "object_id", *table.detail, *([table.event.date] if table.event else [])}
    return [column.name for column in table.columns if column.name in shown and not column.is_personal]


def _rows(table: TableContract, measure: Measure, cell: Cell) -> str:
    public = _shown(table)
    where = [part for part in (condition(measure), *_chosen(table, cell)) if part]
    if table.has_withdrawn:
        where.append("withdrawn_at is null")
    order = f"{table.event.date} desc" if table.event else ", ".join(table.key)
    rows = f"select {', '.join(public)} from {table.name} as act{joined(cell.dimensions, 'codes.region', CATALOGUE)}"
    return f"{rows} where {' and '.join(where) or 'true'} order by {order}"


def _chosen(table: TableContract, cell: Cell) -> list[str]:
    """The conditions of a cell, as figures are counted by it; Refused for a dimension that the table does not have."""
    conditions = []
    for dimension, value in cell.dimensions.items():
        if not has_dimension(table, dimension):
            raise Refused(f"{table.name} has no {READ_FROM[dimension]}: it cannot be asked by {dimension}")
        conditions.append(f"{dimension_of(table, dimension)} = {literal(value)}")
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
