"""Measures and fields flow in; the models of the tables that count them by object and by month flow out.

The acts are read once for each of the two counts; what a field, or the province, sees of them is taken from there.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbt_project.render.fields import dimensions, field_of, joined
from dbt_project.render.sql import counted
from schemas.contract import TableContract, fields, province, table_of, tables
from schemas.contract.fields import Field
from schemas.contract.views import OBJECT, OBJECT_KEY, acts, acts_on_objects, additive, clocks, first_and_last

ZERO = "cast(0 as {})"


def view_models() -> Iterator[tuple[str, str]]:
    """Every derived table's name and the text of its model."""
    if "themes.activity_month" not in tables("themes"):
        return
    yield "object_activity", _object_activity()
    yield "object_profile", _object_profile()
    yield "activity_month", _activity_month()
    for name, field in fields().items():
        yield f"{name}_profile", _field_profile(name, field)
        columns = _lines(column.name for column in table_of(f"themes.{name}_activity_month").columns)
        yield (
            f"{name}_activity_month",
            f"select\n    {columns}\nfrom {_ref('activity_month')}\nwhere field = '{name}'\n",
        )


def _ref(table: str) -> str:
    return f"{{{{ ref('{table}') }}}}"


def _standing(table: str) -> str:
    return f"{{{{ standing('{table}') }}}}"


def _lines(parts: Iterator[str] | list[str]) -> str:
    return ",\n    ".join(parts)


def _object_activity() -> str:
    """One select a base table, each with zeros for what it does not count; then all of them added up."""
    counted_in = acts_on_objects(tables("base").values())
    selects = []
    for table in counted_in:
        parts = [OBJECT_KEY, f"{field_of(table)} as field"]
        for other in counted_in:
            parts += [_figure(table, other, name) for name in additive(other)]
        for other in counted_in:
            assert other.event
            for name, pick in zip(first_and_last(other), ("min", "max"), strict=True):
                parts.append(f"{f'{pick}({other.event.date})' if other is table else 'cast(null as date)'} as {name}")
        rows = f"from {_standing(table.table)}\n    where {OBJECT_KEY} is not null\n    group by 1, 2"
        selects.append(f"    select\n    {_lines(parts)}\n    {rows}")
    columns = _lines([OBJECT_KEY, "field", *_totals(counted_in)])
    return (
        f"with activity as (\n{_union(selects)}\n)\n\n"
        f"select\n    {columns}\nfrom activity\ngroup by {OBJECT_KEY}, field\n"
    )


def _totals(counted_in: list[TableContract]) -> Iterator[str]:
    """Figures added up, then the first and the last days of all."""
    for table in counted_in:
        yield from (_summed(name, table) for name in additive(table))
    for table in counted_in:
        first, last = first_and_last(table)
        yield from (f"min({first}) as {first}", f"max({last}) as {last}")


def _figure(table: TableContract, owner: TableContract, name: str) -> str:
    """A measure in the select of one table: counted there, or nothing."""
    measure = owner.measures[name]
    if owner is table:
        return f"{counted(measure, owner)} as {name}"
    return f"{ZERO.format(owner.spark_type_of(measure))} as {name}"


def _summed(name: str, table: TableContract) -> str:
    return f"cast(sum({name}) as {table.spark_type_of(table.measures[name])}) as {name}"


def _union(selects: list[str]) -> str:
    return "\n    union all\n".join(selects)


def _object_profile() -> str:
    """Every object with the sums over all fields."""
    columns = _lines([OBJECT_KEY, *_totals(acts_on_objects(tables("base").values()))])
    summed = f"select\n    {columns}\n    from {_ref('object_activity')}\n    group by {OBJECT_KEY}"
    return f"with activity as (\n    {summed}\n)\n\n{_profile('themes.object_profile', '')}"


def _field_profile(name: str, field: Field) -> str:
    """The objects that belong to a field, with what it did about them."""
    activity = f"with activity as (\n    select * from {_ref('object_activity')} where field = '{name}'\n)\n\n"
    belongs = [f"activity.{OBJECT_KEY} is not null"]
    belongs += [f"object.industry_code like '{begins}%'" for begins in field.industries]
    where = "" if field.all_objects else f"where {' or '.join(belongs)}\n"
    return activity + _profile(f"themes.{name}_profile", where)


def _profile(name: str, where: str) -> str:
    figures = {figure for table in acts_on_objects(tables("base").values()) for figure in additive(table)}
    described = {OBJECT_KEY, *table_of(f"base.{OBJECT}").profile}
    parts = []
    for column in table_of(name).columns:
        if column.name in described:
            parts.append(f"object.{column.name}")
        elif column.name in figures:
            parts.append(f"coalesce(activity.{column.name}, {ZERO.format(column.spark_type)}) as {column.name}")
        else:
            parts.append(f"activity.{column.name}")
    return (
        f"select\n    {_lines(parts)}\nfrom {_standing(OBJECT)} as object\n"
        f"left join activity on activity.{OBJECT_KEY} = object.{OBJECT_KEY}\n{where}"
    )


def _activity_month() -> str:
    """Acts without a prefecture (the province's own, on bodies from elsewhere) stand under the province's code."""
    counted_in = acts(tables("base").values())
    selects = [_months_of(table, counted_in) for table in counted_in]
    return _summed_months("themes.activity_month", selects, counted_in)


def supervision_month() -> str:
    """The acts of themes.activity_month, and beside them what tables of gold count by month."""
    happened, counted_in = acts(tables("base").values()), clocks(tables("gold").values())
    key = table_of("themes.activity_month").key
    own = [name for table in happened for name in additive(table)]
    zeros = [_figure(happened[0], table, name) for table in counted_in for name in additive(table)]
    taken = f"    select\n    {_lines([*key, *own, *zeros])}\n    from {_ref('activity_month')}"
    selects = [taken, *(_months_of(table, [*happened, *counted_in]) for table in counted_in)]
    return _summed_months("gold.supervision_month", selects, [*happened, *counted_in])


def object_match() -> str:
    """How many acts of each table, department and prefecture are about an object that base knows."""
    selects = [
        f"    select '{table.table}' as base_table, act.department,"
        f" coalesce(act.city_code, '{province().code}') as city_code,\n"
        f"    count(*) as rows_told, count(known.{OBJECT_KEY}) as rows_matched\n"
        f"    from {_standing(table.table)} as act\n"
        f"    left join {_standing(OBJECT)} as known on known.{OBJECT_KEY} = act.{OBJECT_KEY}\n"
        "    group by 1, 2, 3"
        for table in acts_on_objects(tables("base").values())
    ]
    return f"{_union(selects)}\n"


def _months_of(table: TableContract, counted_in: list[TableContract]) -> str:
    """The measures of one table by month, with zeros for those of the others."""
    assert table.event
    key = {**dimensions(table), "month": f"cast(trunc({table.event.date}, 'MM') as date)"}
    parts = [f"{sql} as {name}" for name, sql in key.items()]
    parts += [_figure(table, other, name) for other in counted_in for name in additive(other)]
    places = joined(["county"])
    grouped = ", ".join(str(number) for number in range(1, len(key) + 1))
    source = _standing(table.table) if table.layer == "base" else _ref(table.table)
    return f"    select\n    {_lines(parts)}\n    from {source} as act{places}\n    group by {grouped}"


def _summed_months(name: str, selects: list[str], counted_in: list[TableContract]) -> str:
    key = table_of(name).key
    sums = [_summed(figure, table) for table in counted_in for figure in additive(table)]
    return (
        f"with activity as (\n{_union(selects)}\n)\n\n"
        f"select\n    {_lines([*key, *sums])}\nfrom activity\nwhere month is not null\ngroup by {', '.join(key)}\n"
    )
