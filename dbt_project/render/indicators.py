"""Indicators flow in; the model of gold.indicator flows out: by indicator, period and dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbt_project.render.fields import ITEM_CLASS, dimension_of, joined
from dbt_project.render.sql import counted, literal
from dbt_project.render.views import object_match, supervision_month
from schemas.contract import Measure, TableContract, table_of, tables
from schemas.contract.indicators import (
    COLUMNS,
    Dimension,
    Indicator,
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


def indicator_model() -> str:
    """The whole table: sums of the monthly facts where figures may be added up, else counted anew in every period."""
    parts = "\n    union all\n".join(part for indicator in indicators().values() for part in _parts(indicator))
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
    """The measures of the monthly facts, by each kind of period and the dimensions that indicators have."""
    counted_in = [*acts(tables("base").values()), *clocks(tables("gold").values())]
    names = [name for table in counted_in for name in additive(table)]
    sums = ", ".join(f"sum({name}) as {name}" for name in names)
    asked = [one for one in COLUMNS if any(one in indicator.dimensions for indicator in indicators().values())]
    classes = [one for one in asked if one == "item_class"]
    columns = "".join(f", {f'{ITEM_CLASS} as ' if one in classes else ''}{COLUMNS[one]}" for one in asked)
    rows = f"{{{{ ref('supervision_month') }}}} as act{joined(classes)}"
    grouped = ", ".join(str(number + 1) for number in range(2 + len(asked)))
    return "\n    union all\n".join(
        f"    select '{kind}' as period_kind, cast(trunc(month, '{unit}') as date) as period{columns},\n    {sums}\n"
        f"    from {rows}\n    group by {grouped}"
        for kind, (unit, _) in UNITS.items()
    )


def _parts(indicator: Indicator) -> Iterator[str]:
    """A select of every table that an indicator counts: by its dimensions, and once more for the whole province."""
    grains: list[Sequence[Dimension]] = [indicator.dimensions, ()] if indicator.dimensions else [()]
    counted_in = {table.name: table for table, _ in (measures()[name] for name in used_measures(indicator))}
    for grain in grains:
        for table in counted_in.values():
            yield _part(indicator, grain, table)


def _part(indicator: Indicator, grain: Sequence[Dimension], table: TableContract) -> str:
    """What one table adds to numerator and denominator, by kind of period, period and the dimensions of the grain."""
    own = {name: table.measures[name] for name in used_measures(indicator) if name in table.measures}
    # A field's own tables are not among the monthly facts: they would cost every field columns.
    is_summed = table.event is not None and table.layer != "themes" and all(one.is_additive for one in own.values())
    sides = (indicator.numerator, indicator.denominator)
    values = [_value(side, table, is_summed=is_summed) for side in sides]
    kinds = f"({', '.join(literal(kind) for kind in indicator.periods)})"
    grouped = ["period_kind", "period", *(COLUMNS[dimension] for dimension in grain)]
    if is_summed:
        rows = f"figure\n    where period_kind in {kinds}\n    group by {', '.join(grouped)}"
    elif table.event is None:
        rows, values = _stock(table, grain, values, kinds), ["numerator", "denominator"]
    else:
        rows = f"{_happened(table, grain, own, indicator.periods)}\n    group by {', '.join(grouped)}"
    cells = [f"{COLUMNS[one] if one in grain else EMPTY} as {COLUMNS[one]}" for one in _dimensions()]
    return (
        f"    select {literal(indicator.name)} as indicator, period_kind, period,\n"
        f"    {', '.join(cells)}, {'false' if grain else 'true'} as is_total,\n"
        f"    {values[0]} as numerator,\n    {values[1]} as denominator\n    from {rows}"
    )


def _value(expression: str | None, table: TableContract, *, is_summed: bool) -> str:
    """What a table adds to one side of an indicator."""
    if expression is None:
        return f"cast(null as {NUMBER})"
    added = " ".join(
        f"{sign} {f'sum({name})' if is_summed else counted(table.measures[name], table)}"
        for sign, name in terms_of(expression)
        if name in table.measures
    )
    return f"cast({added.removeprefix('+ ') or '0'} as {NUMBER})"


def _acts(table: TableContract, grain: Sequence[Dimension]) -> str:
    """The rows of a table, with what tells their dimensions."""
    read = "standing" if table.has_withdrawn else "ref"
    return f"{{{{ {read}('{table.table}') }}}} as act{joined(grain)}"


def _stock(table: TableContract, grain: Sequence[Dimension], values: list[str], kinds: str) -> str:
    """What stands today, counted once, in every period that anything happened in."""
    cells = "".join(f", {dimension_of(table, dimension)} as {COLUMNS[dimension]}" for dimension in grain)
    grouped = f" group by {', '.join(dimension_of(table, dimension) for dimension in grain)}" if grain else ""
    return (
        f"(\n        select {values[0]} as numerator, {values[1]} as denominator{cells}\n"
        f"        from {_acts(table, grain)}{grouped}\n    ) as stock\n"
        f"    cross join (select distinct period_kind, period from figure where period_kind in {kinds}) as periods"
    )


def _happened(
    table: TableContract, grain: Sequence[Dimension], own: Mapping[str, Measure], kinds: Sequence[PeriodKind]
) -> str:
    """A table's rows once for every kind of period, each with the first day of its period.

    Where only different values are counted, each is kept once a month before that.
    """
    cells = "".join(f", {dimension_of(table, dimension)} as {COLUMNS[dimension]}" for dimension in grain)
    taken = {COLUMNS[dimension] for dimension in grain}
    names = sorted({name for measure in own.values() for name in measure.columns} - taken)
    once = "distinct " if all(measure.distinct for measure in own.values()) else ""
    first_days = " ".join(f"when {literal(kind)} then trunc(month, '{UNITS[kind][0]}')" for kind in kinds)
    month = f"trunc({table.event.date if table.event else ''}, 'MM') as month"
    kept = "".join(f", {name}" for name in names)
    return (
        f"(\n        select *, cast(case period_kind {first_days} end as date) as period\n"
        f"        from (select {once}{month}{kept}{cells} from {_acts(table, grain)}) as act\n"
        f"        lateral view explode(array({', '.join(literal(kind) for kind in kinds)})) kinds as period_kind\n"
        f"        where month is not null\n    ) as act"
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
