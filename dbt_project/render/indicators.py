"""Indicators flow in; the model of gold.indicator flows out: by indicator, period and dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbt_project.render.fields import ITEM_CLASS, dimension_of, joined
from dbt_project.render.sql import counted, literal, standing_rows
from dbt_project.render.views import object_match, supervision_month
from schemas.contract import Measure, TableContract, table_of, tables
from schemas.contract.indicators import (
    COLUMNS,
    Dimension,
    PeriodKind,
    indicators,
    measures,
    terms_of,
    used_measures,
)
from schemas.contract.views import acts, additive, clocks

NUMBER, LIMIT = "decimal(20,2)", "decimal(20,4)"
# The first day of a period, and how many months later its last day lies.
UNITS = {"month": ("MM", 0), "quarter": ("QUARTER", 2), "year": ("YYYY", 11)}
EMPTY = "''"
INDICATOR = "gold.indicator"


def gold_models() -> Iterator[tuple[str, str]]:
    """The tables of gold that follow from what is declared, by name, with their models."""
    if "gold.object_match" in tables("gold"):
        yield "object_match", object_match()
    if "gold.supervision_month" in tables("gold"):
        yield "supervision_month", supervision_month()
        if INDICATOR in tables("gold"):
            yield "indicator", indicator_model()


def _dimensions() -> list[Dimension]:
    """The dimensions that gold.indicator has columns for."""
    columns = {column.name for column in table_of(INDICATOR).columns}
    return [dimension for dimension, column in COLUMNS.items() if column in columns]


@dataclass(frozen=True)
class Scan:
    """How rows are read, once for all indicators that are counted in the same way."""

    # Such as base.licence; none where the monthly facts are read.
    of: str | None
    grain: tuple[Dimension, ...]
    periods: tuple[PeriodKind, ...]
    # Only different values are counted, each of which is kept once a month.
    is_once: bool
    # All that is counted stands today and says nothing of other days.
    is_todays: bool

    @property
    def table(self) -> TableContract | None:
        """The table that is read, unless monthly facts are."""
        return table_of(self.of) if self.of else None


# By scan, the names of the indicators counted in it, each with those of its measures that are.
Scans = dict[Scan, dict[str, dict[str, Measure]]]


def indicator_model() -> str:
    """The whole table: sums of the monthly facts where figures may be added up, else counted anew in every period."""
    first, *others = sorted(_scans().items(), key=lambda one: one[0].of or "")
    parts = _part(*first) + "".join(
        f"\n    {{% if has_rows('{scan.of}') %}}\n    union all\n{_part(scan, counted_in)}\n    {{% endif %}}"
        for scan, counted_in in others
    )
    columns = ", ".join(COLUMNS[dimension] for dimension in _dimensions())
    return f"""with figure as (
{_figures()}
),

part as (
{parts}
),

summed as (
    select
    indicator, period_kind, period, {columns}, is_total,
    cast(sum(numerator) as {NUMBER}) as numerator,
    cast(sum(denominator) as {NUMBER}) as denominator
    from part
    group by indicator, period_kind, period, {columns}, is_total
),

limited as (
    select *, {_limit("at_least")} as at_least, {_limit("at_most")} as at_most
    from (select *, {_last_day()} as last_day from summed) as ended
)

select
    indicator, period_kind, period, {columns}, is_total, numerator, denominator,
    coalesce(at_least, at_most) as limit_value,
    case when denominator > 0 and coalesce(at_least, at_most) is not null
        then coalesce(numerator < at_least * denominator, false) or coalesce(numerator > at_most * denominator, false)
    end as is_breached
from limited
where numerator <> 0 or denominator <> 0
"""


def _figures() -> str:
    """The measures of the monthly facts, by month and the dimensions that indicators have."""
    counted_in = [*acts(tables("base").values()), *clocks(tables("gold").values())]
    sums = ", ".join(f"sum({name}) as {name}" for table in counted_in for name in additive(table))
    asked = [one for one in COLUMNS if any(one in indicator.dimensions for indicator in indicators().values())]
    classes = [one for one in asked if one == "item_class"]
    columns = "".join(f", {f'{ITEM_CLASS} as ' if one in classes else ''}{COLUMNS[one]}" for one in asked)
    grouped = ", ".join(str(number + 1) for number in range(1 + len(asked)))
    return (
        f"    select month{columns},\n    {sums}\n"
        f"    from {{{{ ref('supervision_month') }}}} as act{joined(classes)}\n    group by {grouped}"
    )


def _scans() -> Scans:
    """Every indicator in each table that it counts.

    Those that are counted in the same rows in the same way are planned, read and grouped together: an engine takes
    0.1 s to plan a scan.
    """
    scans: Scans = {}
    known = measures()
    for indicator in indicators().values():
        used = used_measures(indicator)
        is_todays = all(known[name][0].event is None for name in used)
        for name in used:
            table, measure = known[name]
            own = {one: table.measures[one] for one in used if one in table.measures}
            # A field's own tables are not among the monthly facts: they would cost every field columns.
            is_monthly = table.event and table.layer != "themes" and all(one.is_additive for one in own.values())
            is_once = bool(table.event) and all(one.distinct for one in own.values())
            of = None if is_monthly else table.name
            scan = Scan(of, tuple(indicator.dimensions), tuple(indicator.periods), is_once, is_todays)
            scans.setdefault(scan, {}).setdefault(indicator.name, {})[name] = measure
    return scans


def _part(scan: Scan, counted_in: Mapping[str, Mapping[str, Measure]]) -> str:
    """What the rows of a scan add to numerator and denominator, by period and the dimensions, and for the province.

    One group of rows gives all its indicators at once, and is then taken apart into a row each.
    """
    figures = ",\n            ".join(
        f"named_struct('indicator', {literal(name)}, "
        f"'numerator', {_value(indicators()[name].numerator, own, scan.table)}, "
        f"'denominator', {_value(indicators()[name].denominator, own, scan.table)})"
        for name, own in counted_in.items()
    )
    array = f"array(\n            {figures}\n        ) as figures"
    names = {name: measure for own in counted_in.values() for name, measure in own.items()}
    if scan.table and scan.table.event is None:
        rows = _stock(scan, names, array)
    else:
        rows = _grouped(_happened(scan, names), scan, array, ["period_kind", "period"])
    grain = {COLUMNS[dimension] for dimension in scan.grain}
    cells = [
        f"case when is_total then {EMPTY} else {column} end as {column}" if column in grain else f"{EMPTY} as {column}"
        for column in map(COLUMNS.__getitem__, _dimensions())
    ]
    return (
        f"    select counted.indicator, period_kind, period,\n    {', '.join(cells)}, is_total,\n"
        f"    counted.numerator, counted.denominator\n    from (\n{rows}\n    ) as scanned\n"
        "    lateral view explode(figures) taken as counted"
    )


def _grouped(rows: str, scan: Scan, array: str, every: list[str]) -> str:
    """Groups of rows with their figures: by `every` column and the dimensions, and by `every` alone."""
    grain = [COLUMNS[dimension] for dimension in scan.grain]
    whole, total = ", ".join([*every, *grain]), ", ".join(every)
    is_total = f"grouping({grain[0]}) = 1" if grain else "true"
    keys = f"grouping sets (({whole}), ({total}))" if grain else total
    selected = "".join(f"{column}, " for column in [*every, *grain])
    return f"        select {selected}{is_total} as is_total, {array}\n        from {rows}" + (
        f"\n        group by {keys}" if keys else ""
    )


def _value(expression: str | None, own: Mapping[str, Measure], table: TableContract | None) -> str:
    """What a table's rows (none: the monthly facts) add to one side of an indicator; `own` is what is counted there."""
    if expression is None:
        return f"cast(null as {NUMBER})"
    added = " ".join(
        f"{sign} {counted(own[name], table) if table else f'sum({name})'}"
        for sign, name in terms_of(expression)
        if name in own
    )
    return f"cast({added.removeprefix('+ ') or '0'} as {NUMBER})"


def _rows(scan: Scan, first: str, names: Mapping[str, Measure]) -> str:
    """The rows of a scan's table: a column to begin with, what is counted of them, and what tells their dimensions."""
    table = scan.table
    assert table
    cells = [f"{dimension_of(table, dimension)} as {COLUMNS[dimension]}" for dimension in scan.grain]
    told = {COLUMNS[dimension] for dimension in scan.grain}
    kept = sorted({name for measure in names.values() for name in measure.columns} - told)
    rows = f"{standing_rows(table)} as act{joined(scan.grain)}"
    return f"(select {', '.join([first, *kept, *cells])} from {rows}) as act"


def _stock(scan: Scan, names: Mapping[str, Measure], array: str) -> str:
    """What stands today, counted once: in today's periods, or beside what happened in every period of it."""
    happened = "(select {{ as_of() }} as month) as today" if scan.is_todays else "figure"
    return (
        f"        select *\n        from (\n{_grouped(_rows(scan, '1 as one', names), scan, array, [])}\n"
        f"        ) as stock\n"
        f"        cross join (select distinct period_kind, period from {_by_period(happened, scan)}) as periods"
    )


def _happened(scan: Scan, names: Mapping[str, Measure]) -> str:
    """A scan's rows once for every kind of period, each with the first day of its period."""
    if scan.table is None:
        return _by_period("figure", scan)
    assert scan.table.event
    once = "distinct " if scan.is_once else ""
    return _by_period(_rows(scan, f"{once}trunc({scan.table.event.date}, 'MM') as month", names), scan)


def _by_period(rows: str, scan: Scan) -> str:
    """Rows of a month once for every kind of period."""
    first_days = " ".join(f"when {literal(kind)} then trunc(month, '{UNITS[kind][0]}')" for kind in scan.periods)
    return (
        f"(\n        select *, cast(case period_kind {first_days} end as date) as period\n        from {rows}\n"
        f"        lateral view explode(array({', '.join(map(literal, scan.periods))})) kinds as period_kind\n"
        f"        where month is not null\n        ) as act"
    )


def _last_day() -> str:
    cases = " ".join(
        f"when '{kind}' then last_day(add_months(period, {months}))" for kind, (_, months) in UNITS.items()
    )
    return f"case period_kind {cases} end"


def _limit(side: str) -> str:
    """The limit that holds on the period's last day."""
    cases = []
    for indicator in indicators().values():
        for limit in indicator.limits:
            value = getattr(limit, side)
            if value is not None:
                until = f" and last_day <= date'{limit.valid_to}'" if limit.valid_to else ""
                holds = f"indicator = {literal(indicator.name)} and last_day >= date'{limit.valid_from}'{until}"
                cases.append(f"when {holds} then cast({value} as {LIMIT})")
    return f"case {' '.join(cases)} end" if cases else f"cast(null as {LIMIT})"
