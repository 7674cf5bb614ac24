"""Measures of base tables and fields flow in; the contracts of the tables that follow from them flow out.

Of every base table with an event, its measures are counted by object and by month: themes.object_activity,
themes.object_profile and themes.<field>_profile; themes.activity_month and themes.<field>_activity_month. What gold
counts by month joins them in gold.supervision_month. dbt_project/render/views.py has their SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from schemas.contract.fields import Field
from schemas.contract.model import Column, Measure, ProfileEntry, TableContract
from schemas.contract.read import with_term
from schemas.folders import SCHEMAS

OBJECT, OBJECT_KEY = "supervised_object", "object_id"
# Where and when an act was done, by whom, in which field, and under which item; a field's own table has no field.
MONTH_KEY = ("city_code", "region_code", "department", "field", "item_code", "month")
FIELD_MONTH_KEY = tuple(name for name in MONTH_KEY if name != "field")
# What says how far acts reach: their kind and day, and by what a page chooses among them.
ACT_DAY = "act_day"
ACT_DAY_KEY = ("act", "city_code", "region_code", "department", "field", "month", "day")


def acts(tables: Iterable[TableContract]) -> list[TableContract]:
    """The base tables whose rows happened on a day."""
    return _happened(tables, "base")


def clocks(tables: Iterable[TableContract]) -> list[TableContract]:
    """The tables of gold whose rows happened on a day."""
    return _happened(tables, "gold")


def acts_on_objects(tables: Iterable[TableContract]) -> list[TableContract]:
    """The acts whose rows name the object."""
    return _on_objects(acts(tables))


def counted_on_objects(tables: Iterable[TableContract]) -> list[TableContract]:
    """What risk models count of an object: acts, and the facts of fields that happened on a day."""
    known = [*tables]
    return _on_objects([*_happened(known, "base"), *_happened(known, "themes")])


def _happened(tables: Iterable[TableContract], layer: str) -> list[TableContract]:
    return [table for table in tables if table.layer == layer and table.event and table.measures]


def _on_objects(tables: Iterable[TableContract]) -> list[TableContract]:
    return [table for table in tables if any(column.name == OBJECT_KEY for column in table.columns)]


def told_of_objects(tables: Iterable[TableContract]) -> list[TableContract]:
    """The base tables whose rows are counted by object: acts, and what else profiles tell."""
    return [
        table
        for table in _on_objects(tables)
        if (table.layer == "base" and table.event and table.measures) or [*_profile_measures(table)]
    ]


def told_in(field: str, tables: Iterable[TableContract]) -> list[TableContract]:
    """The tables beside the acts that a profile repeats something of: of base, and of the field; all objects' is ""."""
    known = [table for table in tables if table.table != OBJECT and table.profile]
    base = [table for table in known if table.layer == "base" and [*profile_columns(table)]]
    return base + [table for table in known if table.layer == "themes" and table.file.parent.name == field]


def _profile_measures(table: TableContract) -> Iterator[ProfileEntry]:
    if table.table != OBJECT:
        yield from (entry for entry in table.profile if entry.of in table.measures)


def profile_columns(table: TableContract) -> Iterator[ProfileEntry]:
    """What profiles repeat of a table's columns."""
    yield from (entry for entry in table.profile if entry.of not in table.measures)


def figures(table: TableContract) -> Iterator[tuple[ProfileEntry, Measure]]:
    """What is counted of a table's rows by object: an act's measures, and what profiles ask besides."""
    if table.layer == "base" and table.event:
        yield from ((ProfileEntry(of=name), measure) for name, measure in additive(table).items())
    yield from ((entry, table.measures[entry.of]) for entry in _profile_measures(table))


def additive(table: TableContract) -> dict[str, Measure]:
    """The measures of a table whose figures may be added up."""
    return {name: measure for name, measure in table.measures.items() if measure.is_additive}


def table_of_measure(name: str, tables: Iterable[TableContract]) -> TableContract | None:
    """The table of acts or facts on objects that has a measure of that name, if it may be added up."""
    return next((table for table in counted_on_objects(tables) if name in additive(table)), None)


def first_and_last(table: TableContract) -> tuple[str, str]:
    """The names of an object's first and last day of such an act: first_check_date, last_check_date."""
    assert table.event
    return f"first_{table.event.date}", f"last_{table.event.date}"


def follow(tables: list[TableContract], fields: Mapping[str, Field]) -> Iterator[TableContract]:
    """The contracts of everything that follows."""
    about = next((table for table in tables if table.name == f"base.{OBJECT}"), None)
    if about is None or not acts(tables):
        return
    base = [table for table in tables if table.layer == "base"]
    described = [_repeated(about.column(name)) for name in (OBJECT_KEY, *(entry.of for entry in about.profile))]
    known, dates = [*_counted(told_of_objects(base))], [*_dates(acts_on_objects(tables))]
    months = [{"name": name} for name in MONTH_KEY]
    counted = [*_figures(acts(tables))]
    yield _table(
        "object_activity", "监管对象·分领域监管行为", "One row an object and field that acted on it.",
        (OBJECT_KEY, "field"), [{"name": OBJECT_KEY}, {"name": "field"}, *known, *dates],
    )  # fmt: skip
    yield _table(
        "object_profile", "监管对象档案", "One row an object, with what all departments did about it.",
        (OBJECT_KEY,), [*described, *known, *dates, *_beside(told_in("", tables))],
    )  # fmt: skip
    yield _table(
        "activity_month", "监管行为月度事实", "One row a prefecture × county × department × field × item × month.",
        MONTH_KEY, [*months, *counted],
    )  # fmt: skip
    yield _table(
        "supervision_month", "监管月度统计", "One row a prefecture × county × department × field × item × month.",
        MONTH_KEY, [*months, *counted, *_figures(clocks(tables))], layer="gold",
    )  # fmt: skip
    for table in acts(tables):
        yield _detail(table)
    said = {"act": {"type": "string", "label": "行为类别"}, "day": {"type": "date", "label": "行为日期"}}
    yield _table(
        ACT_DAY, "监管行为·日期", "One row an act of any kind, with its day.",
        ACT_DAY_KEY, [{"name": name, **said.get(name, {})} for name in ACT_DAY_KEY], layer="detail",
    )  # fmt: skip
    for name, field in fields.items():
        yield _table(
            f"{name}_profile", f"{field.title}主题库·监管对象档案", "One row an object of the field, with its acts.",
            (OBJECT_KEY,), [*described, *known, *dates, *_beside(told_in(name, tables))],
        )  # fmt: skip
        yield _table(
            f"{name}_activity_month", f"{field.title}主题库·监管行为月度事实",
            "One row a prefecture × county × department × item × month.", FIELD_MONTH_KEY,
            [*({"name": name} for name in FIELD_MONTH_KEY), *counted],
        )  # fmt: skip


def _detail(table: TableContract) -> TableContract:
    """The rows that figures count, as they are served: where and when, what people see of them, and what is counted."""
    counted = [name for measure in table.measures.values() for name in measure.columns]
    own = {column.name: _repeated(column) for column in table.columns}
    places = [name for name in MONTH_KEY[:-1] if name in own or name == "field"]
    names = dict.fromkeys([*table.detail, *places, *counted, *table.key, OBJECT_KEY, "month"])
    by_term = {*places, "month"}  # as the monthly facts have them
    columns = [{"name": name} if name in by_term else own[name] for name in names if name in by_term or name in own]
    return _table(table.table, f"{table.title}·明细", table.doc, table.key, columns, layer="detail")


def _repeated(column: Column) -> dict[str, Any]:
    """A base column as a profile repeats it."""
    told = ("name", "type", "label", "doc", "codes", "sensitivity")
    return {key: value for key in told if (value := getattr(column, key)) is not None}


def _figures(tables: list[TableContract]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for name, measure in additive(table).items():
            yield _figure(table, ProfileEntry(of=name), measure)


def _counted(tables: list[TableContract]) -> Iterator[dict[str, Any]]:
    """What is counted by object."""
    for table in tables:
        for entry, measure in figures(table):
            yield _figure(table, entry, measure)


def _beside(tables: list[TableContract]) -> Iterator[dict[str, Any]]:
    """What a profile says beside the acts."""
    for table in tables:
        if table.layer != "base":
            yield from _counted([table])
        yield from (_repeated(table.column(entry.of)) for entry in profile_columns(table))


def _figure(table: TableContract, entry: ProfileEntry, measure: Measure) -> dict[str, Any]:
    """A figure as a column, with its window beside its label."""
    window = (f"（近{entry.months}个月）" if entry.months else "") + ("（有效）" if entry.in_force else "")
    said = {"label": f"{measure.label}{window}", "doc": measure.doc, "required": True}
    return {"name": entry.name, "type": table.type_of(measure), **said}


def _dates(tables: list[TableContract]) -> Iterator[dict[str, Any]]:
    for table in tables:
        assert table.event
        label = table.column(table.event.date).label
        for name, order in zip(first_and_last(table), ("首次", "最近"), strict=True):
            yield {"name": name, "type": "date", "label": f"{order}{label}"}


def _table(
    name: str,
    title: str,
    doc: str,
    key: tuple[str, ...],
    columns: list[dict[str, Any]],
    layer: Literal["themes", "gold", "detail"] = "themes",
) -> TableContract:
    return TableContract(
        name=f"{layer}.{name}",
        layer=layer,
        file=SCHEMAS / "fields.yaml",
        title=title,
        doc=doc,
        key=key,
        is_derived=True,
        columns=tuple(Column.model_validate(with_term(column)) for column in columns),
    )
