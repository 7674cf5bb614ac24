"""Measures and fields flow in; the models of the tables that count them by object and by month flow out.

The acts are read once for each of the two counts; what a field, or the province, sees of them is taken from there.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbt_project.render.fields import dimensions, field_of, joined
from dbt_project.render.sql import counted, standing_rows
from schemas.contract import Measure, ProfileEntry, TableContract, fields, province, table_of, tables
from schemas.contract.fields import Field
from schemas.contract.views import (
    OBJECT,
    OBJECT_KEY,
    acts,
    acts_on_objects,
    additive,
    clocks,
    figures,
    first_and_last,
    profile_columns,
    told_in,
    told_of_objects,
)

ZERO, DAY = "cast(0 as {})", "{{ as_of() }}"


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
    told = told_of_objects(tables("base").values())
    selects = []
    for table in told:
        parts = [OBJECT_KEY, f"{field_of(table)} as field"]
        for other in told:
            parts += [_told(table, other, entry, measure) for entry, measure in figures(other)]
        for other in acts_on_objects(told):
            assert other.event
            for name, pick in zip(first_and_last(other), ("min", "max"), strict=True):
                parts.append(f"{f'{pick}({other.event.date})' if other is table else 'cast(null as date)'} as {name}")
        rows = f"from {_standing(table.table)}\n    where {OBJECT_KEY} is not null\n    group by 1, 2"
        selects.append(f"    select\n    {_lines(parts)}\n    {rows}")
    columns = _lines([OBJECT_KEY, "field", *_totals(told)])
    return (
        f"with activity as (\n{_union(selects)}\n)\n\n"
        f"select\n    {columns}\nfrom activity\ngroup by {OBJECT_KEY}, field\n"
    )


def _totals(told: list[TableContract]) -> Iterator[str]:
    """Figures added up, then the first and the last days of all."""
    for table in told:
        for entry, measure in figures(table):
            yield _summed(entry.name, table.spark_type_of(measure))
    for table in acts_on_objects(told):
        first, last = first_and_last(table)
        yield from (f"min({first}) as {first}", f"max({last}) as {last}")


def _told(table: TableContract, owner: TableContract, entry: ProfileEntry, measure: Measure) -> str:
    """What is told of an object, in the select of one table: counted there, or nothing."""
    if owner is table:
        return f"{counted(measure, owner, *_asked(entry, owner))} as {entry.name}"
    return f"{ZERO.format(owner.spark_type_of(measure))} as {entry.name}"


def _asked(entry: ProfileEntry, table: TableContract) -> Iterator[str]:
    """Which rows are asked for: those of the last months, or those that hold on the day."""
    if entry.months:
        assert table.event
        day = table.event.date
        yield f"{day} > add_months({DAY}, -{entry.months}) and {day} <= {DAY}"
    if entry.in_force:
        yield f"{{{{ holds_on('{table.table}', as_of()) }}}}"


def _figure(table: TableContract, owner: TableContract, name: str) -> str:
    """A measure in the select of one table: counted there, or nothing."""
    return _told(table, owner, ProfileEntry(of=name), owner.measures[name])


def _summed(name: str, type_: str) -> str:
    return f"cast(sum({name}) as {type_}) as {name}"


def _union(selects: list[str]) -> str:
    return "\n    union all\n".join(selects)


def _object_profile() -> str:
    """Every object with the sums over all fields."""
    columns = _lines([OBJECT_KEY, *_totals(told_of_objects(tables("base").values()))])
    summed = f"select\n    {columns}\n    from {_ref('object_activity')}\n    group by {OBJECT_KEY}"
    return _profile("themes.object_profile", "", summed, where="")


def _field_profile(name: str, field: Field) -> str:
    """The objects that belong to a field, with what it did about them."""
    belongs = [f"activity.{OBJECT_KEY} is not null"]
    belongs += [f"object.industry_code like '{begins}%'" for begins in field.industries]
    where = "" if field.all_objects else f"where {' or '.join(belongs)}\n"
    activity = f"select * from {_ref('object_activity')} where field = '{name}'"
    return _profile(f"themes.{name}_profile", name, activity, where)


def _profile(name: str, field: str, activity: str, where: str) -> str:
    """The objects, what was done about them (`activity`), and what other tables say of them, each by object."""
    base = tables("base").values()
    beside = told_in(field, [*base, *tables("themes").values()])
    # Which part a column is read from, and the type of what is counted, which is nought where there is nothing.
    read_from = {entry.of: "object" for entry in table_of(f"base.{OBJECT}").profile} | {OBJECT_KEY: "object"}
    read_from |= {entry.name: table.table for table in beside for entry in _said(table)}
    counting = [*told_of_objects(base), *(table for table in beside if table.layer != "base")]
    types = {entry.name: table.spark_type_of(measure) for table in counting for entry, measure in figures(table)}
    parts = []
    for column in table_of(name).columns:
        told = f"{read_from.get(column.name, 'activity')}.{column.name}"
        if column.name in types:
            told = f"coalesce({told}, {ZERO.format(types[column.name])}) as {column.name}"
        parts.append(told)
    named = [
        f"activity as (\n    {activity}\n)",
        *(f"{table.table} as (\n{_by_object(table, field)})" for table in beside),
    ]
    joins = "".join(
        f"left join {cte} on {cte}.{OBJECT_KEY} = object.{OBJECT_KEY}\n"
        for cte in ("activity", *(table.table for table in beside))
    )
    return f"with {', '.join(named)}\n\nselect\n    {_lines(parts)}\nfrom {_standing(OBJECT)} as object\n{joins}{where}"


def _said(table: TableContract) -> Iterator[ProfileEntry]:
    """What a profile takes from a table itself: of base, whose figures are counted with the acts, columns only."""
    if table.layer != "base":
        yield from (entry for entry, _ in figures(table))
    yield from profile_columns(table)


def _by_object(table: TableContract, field: str) -> str:
    """One row an object with what the table says of it; of base within a field, what its departments say."""
    parts = [OBJECT_KEY]
    for entry in _said(table):
        if measure := table.measures.get(entry.of):
            parts.append(f"{counted(measure, table, *_asked(entry, table))} as {entry.name}")
        elif entry.newest:
            order = ", ".join(f"cast({name} as string)" for name in dict.fromkeys([entry.newest, *table.key]))
            parts.append(f"max_by({entry.of}, concat_ws('|', {order})) as {entry.name}")
        else:
            parts.append(f"max({entry.of}) as {entry.name}")
    of_field = f" and {field_of(table)} = '{field}'" if field and table.layer == "base" else ""
    return (
        f"    select\n    {_lines(parts)}\n    from {standing_rows(table)}\n"
        f"    where {OBJECT_KEY} is not null{of_field}\n    group by {OBJECT_KEY}\n"
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
    return f"    select\n    {_lines(parts)}\n    from {standing_rows(table)} as act{places}\n    group by {grouped}"


def _summed_months(name: str, selects: list[str], counted_in: list[TableContract]) -> str:
    key = table_of(name).key
    sums = [_summed(n, table.spark_type_of(one)) for table in counted_in for n, one in additive(table).items()]
    return (
        f"with activity as (\n{_union(selects)}\n)\n\n"
        f"select\n    {_lines([*key, *sums])}\nfrom activity\nwhere month is not null\ngroup by {', '.join(key)}\n"
    )
