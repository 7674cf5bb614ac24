"""What indicators must hold to; their files are no tables, so they are looked at on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.contract import contracts, indicators, measures, shown
from schemas.contract.indicators import CATALOGUE, COLUMNS, READ_FROM, Indicator, has_dimension, terms_of


def broken_indicators() -> Iterator[str]:
    """Every sentence that an indicator breaks, as `file: key: why`."""
    codes: dict[str, str] = {}
    for name, indicator in indicators().items():
        for broken in (*_labels(indicator), *_measures(indicator), *_dimensions(indicator), *_limits(indicator)):
            yield f"{shown(indicator.file)}: {broken}"
        if codes.setdefault(indicator.code, name) != name:
            yield f"{shown(indicator.file)}: code: {codes[indicator.code]} has the code {indicator.code} too"


def _labels(indicator: Indicator) -> Iterator[str]:
    if not re.search("[\u4e00-\u9fff]", indicator.label):
        yield "label: is not Chinese"


def _measures(indicator: Indicator) -> Iterator[str]:
    """Numerator and denominator are measures, which can be told apart by every dimension of the indicator."""
    if indicator.unit in ("share", "times") and not indicator.denominator:
        yield f"unit: a {indicator.unit} needs a denominator; what is counted is unit: count, or yuan"
    for key, expression in (("numerator", indicator.numerator), ("denominator", indicator.denominator or "")):
        rest = re.sub(r"[a-z][a-z0-9_]*|[+-]|\s", "", expression)
        if rest:
            yield f"{key}: knows measures, + and -, not {rest}"
        for _, name in terms_of(expression):
            if name not in measures():
                yield f"{key}: there is no measure {name}; there are {', '.join(measures())}"
                continue
            table = measures()[name][0]
            for dimension in indicator.dimensions:
                if not has_dimension(table, dimension):
                    yield f"dimensions: {dimension}: {name} counts {table.name}, which has no {READ_FROM[dimension]}"


def _dimensions(indicator: Indicator) -> Iterator[str]:
    """gold.indicator has a column for every dimension; the class of an item is found by its code alone."""
    held = contracts().get("gold.indicator")
    for dimension in indicator.dimensions:
        if held and COLUMNS[dimension] not in {column.name for column in held.columns}:
            yield f"dimensions: {dimension}: gold.indicator has no column {COLUMNS[dimension]}"
    items = contracts().get(CATALOGUE)
    is_found = items and items.key == ("item_code",) and any(column.name == "item_class" for column in items.columns)
    if "item_class" in indicator.dimensions and not is_found:
        yield f"dimensions: item_class: is looked up in {CATALOGUE}, which needs the key item_code and an item_class"


def _limits(indicator: Indicator) -> Iterator[str]:
    for limit in indicator.limits:
        if (limit.at_least is None) == (limit.at_most is None):
            yield "limit: needs either at_least or at_most"
