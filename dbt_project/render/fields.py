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
    by_department = _cases("department", {name: field.departments for name, field in fields().items()})
    if not any(column.name == "item_code" for column in table.columns):
        return by_department
    by_item = _cases(terms()["item_department"]["derived"]["sql"], {n: field.national for n, field in fields().items()})
    return f"case when item_code is null then {by_department} else {by_item} end"


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


def _cases(value: str, fields_of: dict[str, tuple[str, ...]]) -> str:
    """The first field that claims a value."""
    cases = " ".join(
        f"when {value} in {listed(values)} then {literal(name)}" for name, values in fields_of.items() if values
    )
    return f"case {cases} else '' end" if cases else "''"
