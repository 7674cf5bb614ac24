"""Fields flow in; the SQL that says which field, place, item and class of item a row of acts belongs to flows out."""

from __future__ import annotations

from collections.abc import Collection

from dbt_project.render.sql import listed, literal
from schemas.contract import TableContract, fields, province, terms
from schemas.contract.indicators import COLUMNS, Dimension

# How models read what a dimension is looked up in.
REGION, ITEMS = "{{ source('codes', 'region') }}", "{{ ref('supervision_item') }}"
# Empty text without an item, or with one that no catalogue ever had.
ITEM_CLASS = "coalesce(item.listed_class, '')"


def field_of(table: TableContract) -> str:
    """The field that a row of acts belongs to; empty text where it is nobody's."""
    names = {column.name for column in table.columns}
    field = _cases("department", {name: field.departments for name, field in fields().items()}, "''")
    if "problem_class" in names:
        field = _cases("problem_class", {name: field.problems for name, field in fields().items()}, field)
    if "item_code" in names:
        department = terms()["item_department"]["derived"]["sql"]
        by_item = _cases(department, {name: field.national for name, field in fields().items()}, "''")
        field = f"case when item_code is null then {field} else {by_item} end"
    return field


def dimensions(table: TableContract) -> dict[str, str]:
    """How monthly facts and details divide rows of acts, read as `act` with its division in codes.region as `place`."""
    has_item = any(column.name == "item_code" for column in table.columns)
    return {
        "city_code": f"coalesce(act.city_code, '{province().code}')",
        "region_code": f"coalesce(place.current_code, act.region_code, '{province().code}')",
        "department": "department",
        "field": field_of(table),
        "item_code": "coalesce(item_code, '')" if has_item else "''",
    }


def dimension_of(table: TableContract, dimension: Dimension) -> str:
    """A dimension of a table's rows, read as `act` with the tables of `joined`."""
    return ITEM_CLASS if dimension == "item_class" else dimensions(table)[COLUMNS[dimension]]


def joined(asked: Collection[Dimension], region: str = REGION, items: str = ITEMS) -> str:
    """What rows read as `act` are joined with to tell some dimensions: codes.region, and the catalogue of items.

    Both have one row a code, so no act is counted twice, and no column of a name that a counted table has. An item that
    was taken from the catalogue keeps its last class: what was done under it stays what it was.
    """
    places = f"(select code as place_code, current_code from {region}) as place"
    classes = f"(select item_code as listed_item, item_class as listed_class from {items}) as item"
    joins: dict[Dimension, str] = {
        "county": f" left join {places} on place.place_code = act.region_code",
        "item_class": f" left join {classes} on item.listed_item = act.item_code",
    }
    return "".join(join for dimension, join in joins.items() if dimension in asked)


def _cases(value: str, fields_of: dict[str, tuple[str, ...]], otherwise: str) -> str:
    """The field that claims a value; `otherwise` where none does."""
    cases = " ".join(
        f"when {value} in {listed(values)} then {literal(name)}" for name, values in fields_of.items() if values
    )
    return f"case {cases} else {otherwise} end" if cases else otherwise
