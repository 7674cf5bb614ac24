"""Texts flow in; amounts in yuan, their currencies, and plain numbers flow out; null for what is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import isfinite

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.judging.arrays import Mask, is_null, is_true, matches, mended, without
from spark_jobs.lake.columns import arrow_type

# 50.00(万元人民币), 2,000(万元), 51.1万美元, 100: a number, a factor and the currency's name.
NUMBER = re.compile("^([+-]?[0-9]+([.][0-9]+)?)")
FACTORS = {"亿": 100_000_000, "万": 10_000}
YUAN = re.compile("^(万|亿)?(元|人民币|元人民币|人民币元)?$")
# What most cells look like; the rest is looked at one by one.
PLAIN_NUMBER = "^[0-9]{1,14}([.][0-9]{1,6})?$"
DECIMAL = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)"
FLOAT = f"{DECIMAL}([eE][+-]?[0-9]+)?"
PLAIN_WHOLE = "^[0-9]{1,18}$"
YES, NO = ("T", "TRUE", "Y", "YES", "1"), ("F", "FALSE", "N", "NO", "0")


def read_amounts(text: pa.Array, scale: int, kind: str) -> pa.Array:
    """The number times the factor that its cell names, else the scale of its heading."""
    if not kind.startswith("decimal"):
        whole = kind in ("integer", "bigint")
        # By way of text, because Arrow turns the decimal 100.555 into the number 100.55499999999999.
        exact = read_amounts(text, scale, "decimal(18,0)" if whole else "decimal(37,6)").cast(pa.string())
        return exact.cast(arrow_type(kind))
    precision, places = _precision(kind)

    def amount(cell: str) -> Decimal | None:
        number = NUMBER.match(cell.replace(",", ""))
        whole = _rounded(Decimal(number[1]), 20, 6) if number else None
        if whole is None:
            return None
        unit = _unit(cell)
        factor = next((factor for word, factor in FACTORS.items() if unit.startswith(word)), 1 if unit else scale)
        return _rounded(whole * factor, precision, places)

    return _decimals(text, scale, kind, amount)


def is_foreign(text: pa.Array) -> Mask:
    """Which amounts name another unit than yuan."""
    strange = ~matches(text, PLAIN_NUMBER) & ~is_null(text)
    if strange.any():
        strange[strange] = [not YUAN.search(_unit(cell)) for cell in text.filter(pa.array(strange)).to_pylist()]
    return strange


def currency_words(text: pa.Array) -> pa.Array:
    """What remains of an amount's unit, and CNY where nothing does; null where the cell begins with no number."""

    def word(cell: str) -> str | None:
        if not re.match("[+-]?[0-9]", cell):
            return None
        return re.sub("^[万亿]", "", _unit(cell)).upper() or "CNY"

    plain = matches(text, PLAIN_NUMBER)
    yuan = pc.if_else(pa.array(plain), pa.scalar("CNY"), text)
    return mended(yuan, ~plain & ~is_null(text), word, text)


def read_numbers(text: pa.Array, kind: str) -> pa.Array:
    """Numbers of a contract's type: integer, bigint, double or decimal(p,s); and boolean, as databases write it."""
    if kind.startswith("decimal"):
        precision, places = _precision(kind)

        def number(cell: str) -> Decimal | None:
            digits = cell.replace(",", "")
            return _rounded(Decimal(digits), precision, places) if re.fullmatch(DECIMAL, digits) else None

        return _decimals(text, 1, kind, number)
    if kind == "boolean":
        return _booleans(text)
    read, plain = (_whole, PLAIN_WHOLE) if kind in ("integer", "bigint") else (_float, PLAIN_NUMBER)
    is_plain = matches(text, plain)
    return mended(without(text, ~is_plain).cast(arrow_type(kind)), ~is_plain & ~is_null(text), read, text)


def _whole(cell: str) -> int | None:
    digits = cell.replace(",", "")
    number = int(digits) if re.fullmatch("[+-]?[0-9]{1,19}", digits) else None
    return number if number is not None and -(1 << 63) <= number < 1 << 63 else None


def _float(cell: str) -> float | None:
    digits = cell.replace(",", "")
    number = float(digits) if re.fullmatch(FLOAT, digits) else None
    return number if number is not None and isfinite(number) else None


def _booleans(text: pa.Array) -> pa.Array:
    place = pc.index_in(pc.utf8_upper(text), pa.array([*YES, *NO]), skip_nulls=True)
    return pc.less(place, len(YES))


def _decimals(text: pa.Array, factor: int, kind: str, read: Callable[[str], Decimal | None]) -> pa.Array:
    """Plain numbers times a factor, all at once; the others as `read` has them."""
    precision, places = _precision(kind)
    plain = matches(text, PLAIN_NUMBER)
    number = without(text, ~plain).cast(pa.decimal128(38, 6))
    if factor != 1:
        number = pc.multiply(number.cast(pa.decimal128(28, 6)), pa.scalar(Decimal(factor), pa.decimal128(9, 0)))
    number = pc.round(number, places, "half_towards_infinity")
    fits = is_true(pc.less(pc.abs(number), pa.scalar(Decimal(10) ** (precision - places), number.type)))
    number = without(number, ~fits)
    typed = number.cast(pa.decimal128(precision, places), safe=False)
    return mended(typed, ~plain & ~is_null(text), read, text)


def _unit(cell: str) -> str:
    """What stands behind the number, without brackets: 万元人民币."""
    return NUMBER.sub("", re.sub("[()（） ]", "", cell.replace(",", "")), count=1)


def _rounded(number: Decimal, precision: int, places: int) -> Decimal | None:
    """Rounded half up, as SQL casts; None if it has more digits than fit."""
    try:
        rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return rounded if abs(rounded) < Decimal(10) ** (precision - places) else None


def _precision(kind: str) -> tuple[int, int]:
    """Digits in all and behind the point of decimal(p,s)."""
    decimal = arrow_type(kind)
    return decimal.precision, decimal.scale
