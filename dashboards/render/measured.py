"""Measures and indicators flow in; the datasets that show them, as Superset imports them, flow out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from schemas.contract import Indicator, Measure, TableContract, indicators, measures, table_of, tables
from schemas.contract.indicators import terms_of, used_measures
from schemas.contract.views import acts, clocks

MONTHS, LONG = "gold.supervision_month", "gold.indicator"
DAYS = "detail.act_day"
REACH = {"first_day": ("最早", "MIN(day)"), "last_day": ("最近", "MAX(day)")}
NAMESPACE = uuid5(NAMESPACE_URL, "lakewarden/dashboards/datasets")
TEN_THOUSAND = 10_000
WHOLE, ONE_PLACE = ",d", ",.1f"
# How an indicator is written, by its unit; yuan are whole, a multiple (倍) has two places.
FORMATS = {"share": ".1%", "count": WHOLE, "yuan": ",.0f", "times": ",.2f"}


def datasets(database_uuid: str) -> dict[str, dict[str, Any]]:
    """The datasets by path, those whose rows are what a figure counts before those that hold sums of them."""
    found: dict[str, dict[str, Any]] = {}
    for table in (*acts(tables("base").values()), *clocks(tables("gold").values())):
        name = f"detail.{table.table}" if table.layer == "base" else table.name
        found |= _dataset(name, "month", database_uuid, _figures(table))
    monthly = {column.name: f"SUM({column.name})" for column in table_of(MONTHS).columns if column.name in measures()}
    sums = [_named(name, measures()[name][1], sql) for name, sql in monthly.items()]
    found |= _dataset(MONTHS, "month", database_uuid, [*sums, *(_indicator(one, monthly) for one in _within(monthly))])
    summed = {one.name for one in _within(monthly)}
    rest = [_long(indicator) for name, indicator in indicators().items() if name not in summed]
    reach = [_metric(name, label, sql, "%Y-%m-%d", None) for name, (label, sql) in REACH.items()]
    found |= _dataset(LONG, "period", database_uuid, rest) | _dataset(DAYS, "month", database_uuid, reach)
    for table in tables("themes").values():  # what only one field's page asks for
        if table.measures and table.detail:
            found |= _dataset(table.name, table.event.date if table.event else "", database_uuid, _figures(table))
    return found


def _figures(table: TableContract) -> list[dict[str, Any]]:
    """What is counted of a table's rows, and the indicators made of that alone."""
    sql = {measure: _sql(counted) for measure, counted in table.measures.items()}
    counts = [_named(measure, table.measures[measure], text) for measure, text in sql.items()]
    return [*counts, *(_indicator(indicator, sql) for indicator in _within(sql))]


def _within(names: Container[str]) -> list[Indicator]:
    """The indicators that are made of these measures alone."""
    return [indicator for indicator in indicators().values() if all(name in names for name in used_measures(indicator))]


def _sql(measure: Measure) -> str:
    """A measure over rows of its table, as DuckDB reads it."""
    conditions = [f"{column} IN {_listed(values)}" for column, values in measure.where.items()]
    conditions += [f"{column} IS NOT NULL" for column in measure.filled]
    which = " AND ".join(conditions)
    if measure.distinct:
        return f"COUNT(DISTINCT {f'CASE WHEN {which} THEN {measure.distinct} END' if which else measure.distinct})"
    if measure.sum:
        return f"SUM({f'CASE WHEN {which} THEN {measure.sum} END' if which else measure.sum})"
    return f"SUM(CASE WHEN {which} THEN 1 ELSE 0 END)" if which else "COUNT(*)"


def _listed(values: Iterable[bool | str]) -> str:
    return f"({', '.join(str(value).upper() if isinstance(value, bool) else _text(value) for value in values)})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _dataset(name: str, time: str, database_uuid: str, metrics: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    schema, table = name.split(".")
    asset = {
        "table_name": table,
        "schema": schema,
        "main_dttm_col": time or None,
        "uuid": str(uuid5(NAMESPACE, name)),
        "database_uuid": database_uuid,
        "metrics": metrics,
        "version": "1.0.0",
    }
    return {f"datasets/{table}.yaml": asset}


def _metric(name: str, label: str, sql: str, form: str, means: str | None) -> dict[str, Any]:
    return {"metric_name": name, "verbose_name": label, "expression": sql, "d3format": form, "description": means}


def _named(name: str, measure: Measure, sql: str) -> dict[str, Any]:
    """A measure as a metric; amounts of money in ten thousand yuan, as leaders read them."""
    if measure.unit == "yuan":
        return _metric(name, f"{measure.label}（万元）", f"{sql} / {TEN_THOUSAND}.0", ONE_PLACE, measure.means)
    return _metric(name, measure.label, sql, WHOLE, measure.means)


def _indicator(indicator: Indicator, sql: Mapping[str, str]) -> dict[str, Any]:
    """An indicator over whatever rows a page chooses, from the SQL of its measures."""
    below = _added(indicator.denominator, sql) if indicator.denominator else None
    return _quotient(indicator, _added(indicator.numerator, sql), below)


def _quotient(indicator: Indicator, above: str, below: str | None) -> dict[str, Any]:
    """One figure over another, or alone: a count is whole, of a mean of counts one place is told."""
    if below is None:
        return _metric(indicator.name, indicator.label, above, FORMATS[indicator.unit], indicator.means)
    form = ONE_PLACE if indicator.unit == "count" else FORMATS[indicator.unit]
    return _metric(indicator.name, indicator.label, f"{above} * 1.0 / NULLIF({below}, 0)", form, indicator.means)


def _added(expression: str, sql: Mapping[str, str]) -> str:
    pieces = [f"{sign} {sql[name]}" for sign, name in terms_of(expression)]
    text = " ".join(pieces).removeprefix("+ ")
    return f"({text})" if len(pieces) > 1 else text


def _long(indicator: Indicator) -> dict[str, Any]:
    """An indicator that cannot be added up over months, by years, as gold.indicator has it."""
    rows = f"indicator = '{indicator.name}' AND period_kind = 'year' AND NOT is_total"
    above, below = (f"SUM(CASE WHEN {rows} THEN {side} END)" for side in ("numerator", "denominator"))
    return _quotient(indicator, above, below if indicator.denominator else None)
