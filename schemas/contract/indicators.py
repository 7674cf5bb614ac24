"""Indicator files flow in; frozen Indicator objects flow out, or an error that names file, key and reason."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field as Key
from pydantic import ValidationError

from schemas.contract.model import Code, ContractError, Measure, Strict, TableContract
from schemas.contract.read import read_yaml, refusal, shown
from schemas.contract.registry import DECLARED, tables
from schemas.folders import roots

Dimension = Literal["city", "county", "department", "field", "item_class"]
PeriodKind = Literal["month", "quarter", "year"]
# The column of gold.indicator that holds a dimension.
COLUMNS: dict[Dimension, str] = {
    "city": "city_code",
    "county": "region_code",
    "department": "department",
    "field": "field",
    "item_class": "item_class",
}
# The column of a counted table that a dimension is read from.
READ_FROM: dict[Dimension, str] = {**COLUMNS, "field": "department", "item_class": "item_code"}
# Where an item's class is looked up, by item_code.
CATALOGUE = "base.supervision_item"


class Limit(Strict):
    """What the figure must keep to while the limit holds; `basis` is the law with its article."""

    at_least: Decimal | None = None
    at_most: Decimal | None = None
    basis: str
    valid_from: date
    valid_to: date | None = None


class Indicator(Strict):
    """A figure of supervision: a numerator, and unless it is an amount a denominator, by dimensions and periods.

    Both are measures, or several joined by + and -. `name` and `group` come from where the file lies.
    """

    name: str
    group: str
    file: Path
    code: str
    label: str
    doc: str
    source: str
    numerator: str
    denominator: str | None = None
    dimensions: tuple[Dimension, ...] = ()
    periods: tuple[PeriodKind, ...] = ("month", "quarter", "year")
    unit: Literal["share", "count", "yuan", "times"] = "share"
    better: Literal["higher", "lower"] | None = None
    means: str | None = None
    """The definition (口径) in Chinese, as it stands beside the figure."""
    limits: tuple[Limit, ...] = Key(default=(), alias="limit")


def terms_of(expression: str) -> list[tuple[str, str]]:
    """The measures of an expression, each with its sign."""
    pieces = re.findall(r"([+-]?)\s*([a-z][a-z0-9_]*)", expression)
    return [(sign or "+", name) for sign, name in pieces]


def measures() -> dict[str, tuple[TableContract, Measure]]:
    """Every measure by name, with the table whose rows it counts."""
    counted = [table for layer in ("base", "themes", "gold") for table in tables(layer).values()]
    return {name: (table, measure) for table in counted for name, measure in table.measures.items()}


def has_dimension(table: TableContract, dimension: Dimension) -> bool:
    """Whether the rows of a table can be told apart by a dimension."""
    return any(column.name == READ_FROM[dimension] for column in table.columns)


def used_measures(indicator: Indicator) -> list[str]:
    """The measures that an indicator is made of."""
    return [name for part in (indicator.numerator, indicator.denominator) if part for _, name in terms_of(part)]


def read_indicator(path: Path) -> Indicator:
    """The indicator of one file; raises ContractError with `file: key: why`."""
    read = read_yaml(path)
    if isinstance(read.get("limit"), dict):
        read["limit"] = [read["limit"]]
    try:
        return Indicator.model_validate({**read, "name": path.stem, "group": path.parent.name, "file": path})
    except ValidationError as error:
        raise refusal(path, error) from None


@cache
def indicators() -> dict[str, Indicator]:
    """All indicators by name."""
    found: dict[str, Indicator] = {}
    for path in (path for root in roots() for path in sorted((root / "indicators").glob("*/*.yaml"))):
        indicator = read_indicator(path)
        if indicator.name in found:
            raise ContractError(f"{shown(path)}: (file): {shown(found[indicator.name].file)} has this name too")
        found[indicator.name] = indicator
    return found


DECLARED["indicator"] = lambda: tuple(
    Code(code=name, label=indicator.label) for name, indicator in indicators().items()
)
