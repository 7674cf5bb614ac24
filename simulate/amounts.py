"""Amounts flow in; cells flow out as departments write them: with and without unit, currency and separators."""

from __future__ import annotations

import numpy as np

from schemas.contract import Column, FeedContract, Heading, code_list
from simulate.style import Style
from simulate.word_lists import Array, Table


def amounts(
    contract: FeedContract, column: Column, heading: Heading, rows: Table, style: Style, rng: np.random.Generator
) -> Array:
    """The cells of a column of amounts, in the unit of its heading; with the currency where the contract reads one."""
    values, currency = rows[column.name], _currency_beside(contract, column)
    if currency is not None and currency.name in rows:
        is_old = heading == column.headings[0]
        labels = {code.code: code.label for code in code_list(str(currency.codes))} | {"CNY": ""}
        written = np.array([labels.get(code, "") for code in rows[currency.name]], dtype=object)
        return _with_currency(values, written, heading, is_old, style, rng)
    scale = heading.scale or 1
    draw = rng.random(len(values))
    cells = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        if np.isnan(value):
            cells[row] = ""
        elif style.is_typed and draw[row] < 0.8:
            cells[row] = float(value) / scale
        elif scale == 1 and draw[row] > 0.985:
            cells[row] = f"{number_text(value / 10_000, False)}万元"
        elif scale == 1 and draw[row] > 0.97:
            cells[row] = f"{number_text(value, True)}元"
        else:
            cells[row] = number_text(value / scale, style.thousands)
    return cells


def number_text(value: float, thousands: bool) -> str:
    """At most six decimals, none that say nothing."""
    text = f"{value:,.6f}" if thousands else f"{value:.6f}"
    return text.rstrip("0").rstrip(".")


def _with_currency(
    values: Array, currencies: Array, heading: Heading, is_old: bool, style: Style, rng: np.random.Generator
) -> Array:
    """`50.00(万元人民币)` under the old heading; a bare number, with its currency if foreign, under a newer one."""
    draw = rng.random(len(values))
    cells = np.empty(len(draw), dtype=object)
    for row, (value, currency) in enumerate(zip(values, currencies, strict=True)):
        units = value / 10_000
        if np.isnan(value):
            cells[row] = ""
        elif heading.scale != 10_000:
            cells[row] = number_text(value / (heading.scale or 1), style.thousands) + currency
        elif currency:
            cells[row] = f"{number_text(units, True)}(万{currency})"
        elif is_old:
            cells[row] = _old_capital(units, draw[row])
        else:
            cells[row] = float(units) if style.is_typed else number_text(units, style.thousands)
    return cells


def _old_capital(units: float, draw: float) -> str:
    """The spellings of the old register, as often as they are found there; none that cuts a digit off."""
    if draw < 0.45:
        return f"{number_text(units, True)}(万元人民币)"
    if draw < 0.5 and units == round(units, 2):
        return f"{units:.2f}(万元人民币)"
    if draw < 0.88:
        return f"{number_text(units, True)}(万元)"
    if draw < 0.97:
        return f"{number_text(units, False)}(万)"
    is_exact = draw < 0.985 and units == round(units, 4)
    return f"{units:.4f}万人民币" if is_exact else f"{number_text(units, False)}万元人民币"


def _currency_beside(contract: FeedContract, column: Column) -> Column | None:
    """The column whose currency stands in an amount's own cells."""
    headings = {heading.heading for heading in column.headings}
    return next(
        (
            other
            for other in contract.columns
            if other.parse == "currency" and headings & {heading.heading for heading in other.headings}
        ),
        None,
    )
