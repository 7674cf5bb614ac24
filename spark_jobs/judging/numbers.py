"""Texts flow in; amounts in yuan, their currencies, and plain numbers flow out; null for what is not wholly understood.

Most cells are plain numbers, and read all at once; the others are looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import isfinite

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.judging.arrays import Mask, chosen, is_null, is_true, matches, mended, replaced, without
from spark_jobs.judging.numerals import chinese_amount, with_usual_units
from spark_jobs.lake.columns import arrow_type

PLAIN_NUMBER = "^[0-9]{1,14}([.][0-9]{1,6})?$"
# A plain number, and what stands behind it.
USUAL = "^(?P<number>[0-9]{1,14}(?:[.][0-9]{1,6})?)(?P<behind>(?:[^0-9., '].*)?)$"
NUMBER, FACTOR = pa.decimal128(20, 6), pa.decimal128(13, 0)
PLAIN_WHOLE = "^[0-9]{1,18}$"
WHOLE = ("integer", "bigint")
# 1,234,567.89, or with a blank or an apostrophe in the place of the comma: in threes, or not at all.
GROUPED = r"(?:[0-9]{1,3}(?P<group>[, '])[0-9]{3}(?:(?P=group)[0-9]{3})*|[0-9]+)"
DECIMAL = re.compile(rf"[+-]?(?:{GROUPED}(?:[.][0-9]*)?|[.][0-9]+)")
FLOAT = re.compile("[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?")
# ¥12,000.00 · RMB 500 · 人民币500元 · 50.00(万元人民币) · 51.1万美元 · 1.2亿 · 12000元整 · 3万4千元 · 500元5角
BEFORE = "(?:人民币|美元|美金|港元|港币|欧元|日元|英镑|[A-Za-z]{2,3})?[ :]?[$€£¥￥]?"
AMOUNT = re.compile(
    rf"(?P<sign>[+-]?)(?P<before>{BEFORE})\s*(?P<behind>[+-]?)(?P<number>{GROUPED}(?:[.][0-9]*)?)\s*(?P<rest>.*)",
    re.DOTALL,
)
# 500元(伍佰元整): the same amount twice.
TWICE = re.compile(r"([^()（）]+)[(（]([^()（）]+)[)）]")
COINS = re.compile("(?<=[元圆])(?:([0-9])角)?(?:([0-9])分)?[整正]?$")
UNITS = {
    "十": 10,
    "百": 10**2,
    "千": 10**3,
    "万": 10**4,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "十亿": 10**9,
    "百亿": 10**10,
    "千亿": 10**11,
    "万亿": 10**12,
}
UNIT = f"(?:{'|'.join(sorted(UNITS, key=len, reverse=True))})"
FURTHER = re.compile(rf"([0-9]+(?:[.][0-9]+)?)({UNIT})")
# What may stand behind: 元, 美元, US$.
CURRENCY = re.compile(r"[^\W\d_]*[$€£¥￥]?")
YUAN = ("", "元", "人民币", "元人民币", "人民币元", "圆", "CNY", "RMB")


@dataclass(frozen=True)
class Amount:
    """What an amount's cell says: a number, the factor that its unit stands for (None: no unit), and a currency."""

    number: Decimal
    factor: int | None
    currency: str

    @property
    def is_foreign(self) -> bool:
        """Whether it names another currency than yuan."""
        return self.currency not in YUAN

    @property
    def code(self) -> str:
        """The currency, CNY where the cell names none."""
        return self.currency if self.is_foreign else "CNY"

    def unit(self, scale: int) -> int:
        """What the number counts: as the cell says, or where it names neither unit nor currency, its heading."""
        is_bare = self.factor is None and not self.currency
        return scale if is_bare else self.factor or 1

    def value(self, scale: int) -> Decimal:
        """The amount in whole units of its currency."""
        return self.number * self.unit(scale)


def read_amount(cell: str) -> Amount | None:
    """The whole cell, understood; None if any of it is not."""
    if (twice := TWICE.fullmatch(cell)) and (other := read_amount(twice[2].strip())):
        amount = read_amount(twice[1].strip())
        return amount if amount and amount.value(1) == other.value(1) else None
    if in_chinese := chinese_amount(cell):
        number, is_named = in_chinese
        return Amount(number, 1 if is_named else None, "")
    whole = AMOUNT.fullmatch(cell)
    if whole is None or (whole["sign"] and whole["behind"]):
        return None
    number, factor = Decimal(re.sub("[, ']", "", whole["number"])), None
    rest = with_usual_units(_without_brackets(re.sub(r"\s", "", whole["rest"])))
    if unit := re.match(UNIT, rest):
        factor, rest = UNITS[unit[0]], rest[unit.end() :]
        least = factor
        while further := FURTHER.match(rest):  # 3万4千元: each unit is smaller than the one before
            if (smaller := UNITS[further[2]]) >= least:
                return None
            number, least, rest = number + Decimal(further[1]) * smaller / factor, smaller, rest[further.end() :]
    if coins := COINS.search(rest):
        if any(coins.groups()) and factor:
            return None
        number += Decimal(coins[1] or 0) / 10 + Decimal(coins[2] or 0) / 100
        rest = rest[: coins.start()]
    currency = _currency(whole["before"].strip(" :¥￥"), rest)
    if currency is None:
        return None
    return Amount(-number if "-" in (whole["sign"], whole["behind"]) else number, factor, currency)


def _currency(before: str, behind: str) -> str | None:
    """The currency that is written before or behind a number, or both times; None for what is none, or two.

    The sign ¥ alone is no currency: accounts have it beside amounts in 万元 too.
    """
    if not CURRENCY.fullmatch(behind):
        return None
    named = {"CNY" if one.upper() in YUAN else one.upper() for one in (before, behind) if one}
    return named.pop() if len(named) == 1 else None if named else ""


def _without_brackets(rest: str) -> str:
    """万元(人民币) and (万元人民币) without their brackets; one without its other stays, and is not understood."""
    return re.sub(r"[(（]([^()（）]*)[)）]", r"\1", rest)


@dataclass(frozen=True)
class Amounts:
    """The amounts of a column. A usual cell is a plain number and what stands behind it: `50.00` and `(万元人民币)`.

    Few different things stand behind numbers, so each is read once. `number`: that of each usual cell, else null;
    `behind`: the place in `units` of what stands behind it, as an amount of 1, or None where the cell has to be read as
    a whole. `odd`: what those other cells say, read one by one; None: they are not understood.
    """

    number: pa.Array
    behind: pa.Array
    units: list[Amount | None]
    is_odd: Mask
    odd: list[Amount | None]

    @classmethod
    def read(cls, text: pa.Array) -> Amounts:
        """Every cell that is no plain number is understood as a whole, or not at all."""
        parts = pc.extract_regex(text, USUAL)
        behind = pc.struct_field(parts, "behind").dictionary_encode()
        units = [_unit(words) for words in behind.dictionary.to_pylist()]
        is_usual = is_true(pa.array([unit is not None for unit in units], pa.bool_()).take(behind.indices))
        is_odd = ~is_usual & ~is_null(text)
        number = without(pc.struct_field(parts, "number"), ~is_usual).cast(NUMBER)
        return cls(number, behind.indices, units, is_odd, [read_amount(cell) for cell in chosen(text, is_odd)])

    def values(self, scale: int, kind: str) -> pa.Array:
        """The numbers times the factor that each cell names, else the scale of its heading; in any currency."""
        if not kind.startswith("decimal"):
            # By way of text, because Arrow turns the decimal 100.555 into the number 100.55499999999999.
            exact = self.values(scale, "decimal(18,0)" if kind in WHOLE else "decimal(37,6)").cast(pa.string())
            return exact.cast(arrow_type(kind))
        odd = [_rounded(amount.value(scale), kind) if amount else None for amount in self.odd]
        return _decimals(self._exact(scale), kind, self.is_odd, odd)

    def are_foreign(self) -> Mask:
        """Which name another currency than yuan."""
        foreign = is_true(self._of_usual([unit and unit.is_foreign for unit in self.units], pa.bool_()))
        foreign[self.is_odd] = [amount is not None and amount.is_foreign for amount in self.odd]
        return foreign

    def are_rounded(self, scale: int, kind: str) -> Mask:
        """Which have more places behind the point than are kept."""
        places = 6 if kind == "double" else 0 if kind in WHOLE else _precision(kind)[1]
        exact = self._exact(scale)
        rounded = is_true(pc.not_equal(exact, pc.round(exact, places)))
        rounded[self.is_odd] = [amount is not None and _places(amount.value(scale)) > places for amount in self.odd]
        return rounded

    def currencies(self) -> pa.Array:
        """The currency that each names, and CNY where it names none; null for what is no amount."""
        words = self._of_usual([unit and unit.code for unit in self.units], pa.string())
        return replaced(words, self.is_odd, [amount and amount.code for amount in self.odd])

    def counted_in(self, scale: int) -> pa.Array:
        """The unit that each came in, as the number of whole units of its currency; null for what is no amount."""
        words = self._of_usual([unit and str(unit.unit(scale)) for unit in self.units], pa.string())
        return replaced(words, self.is_odd, [amount and str(amount.unit(scale)) for amount in self.odd])

    def _of_usual(self, said: Sequence[object], kind: pa.DataType) -> pa.Array:
        """What is said of each thing that stands behind a number, by cell; null for odd cells."""
        return without(pa.array(said, kind).take(self.behind), self.is_odd)

    def _exact(self, scale: int) -> pa.Array:
        """The usual cells' amounts, with every place behind the point."""
        factors = [unit and unit.value(scale) for unit in self.units]
        return pc.multiply(self.number, self._of_usual(factors, FACTOR))


def _unit(behind: str) -> Amount | None:
    """What stands behind a number, as an amount of 1; None if it says more than a factor: 3万4千元, 1元(壹元整)."""
    one, two = read_amount(f"1{behind}"), read_amount(f"2{behind}")
    return one if one and two and one.number == 1 and two.number == 2 else None


def read_numbers(text: pa.Array, kind: str) -> pa.Array:
    """Numbers of a contract's type: integer, bigint, double or decimal(p,s); and boolean, as databases write it."""
    if kind == "boolean":
        return _booleans(text)
    is_odd = _are_odd(text, PLAIN_WHOLE if kind in WHOLE else PLAIN_NUMBER)
    if kind.startswith("decimal"):
        numbers = [_digits(cell) for cell in chosen(text, is_odd)]
        odd = [_rounded(Decimal(digits), kind) if digits else None for digits in numbers]
        return _decimals(without(text, is_odd).cast(NUMBER), kind, is_odd, odd)
    return mended(without(text, is_odd).cast(arrow_type(kind)), is_odd, _whole if kind in WHOLE else _float, text)


def _are_odd(text: pa.Array, plain: str) -> Mask:
    """Which cells are no plain numbers."""
    return ~matches(text, plain) & ~is_null(text)


def _digits(cell: str) -> str | None:
    """A number without what groups its digits; None if they are not in threes, or something else stands there."""
    return re.sub("[, ']", "", cell) if DECIMAL.fullmatch(cell) else None


def _whole(cell: str) -> int | None:
    whole = re.fullmatch("([+-]?[0-9]{1,19})(?:[.]0*)?", _digits(cell) or "")
    number = int(whole[1]) if whole else None
    return number if number is not None and -(1 << 63) <= number < 1 << 63 else None


def _float(cell: str) -> float | None:
    digits = cell if FLOAT.fullmatch(cell) else _digits(cell)
    number = float(digits) if digits else None
    if (
        number is None
        or not isfinite(number)
        or (number == 0 and re.search("[1-9]", str(digits).lower().split("e")[0]))
    ):
        return None  # beyond what a double can hold, at either end
    return number


YES, NO = ("T", "TRUE", "Y", "YES", "1", "是"), ("F", "FALSE", "N", "NO", "0", "否")


def _booleans(text: pa.Array) -> pa.Array:
    place = pc.index_in(pc.utf8_upper(text), pa.array([*YES, *NO]), skip_nulls=True)
    return pc.less(place, len(YES))


def _decimals(exact: pa.Array, kind: str, is_odd: Mask, odd: Sequence[Decimal | None]) -> pa.Array:
    """Numbers rounded to decimal(p,s), all at once, null if they do not fit; beside them those of the odd cells."""
    typed = arrow_type(kind)
    number = pc.round(exact.cast(pa.decimal128(38, 6)), typed.scale, "half_towards_infinity")
    most = pa.scalar(Decimal(10) ** (typed.precision - typed.scale), number.type)
    fits = is_true(pc.less(pc.abs(number), most))
    return replaced(without(number, ~fits).cast(typed, safe=False), is_odd, odd)


def _places(number: Decimal) -> int:
    """How many digits stand behind the point, but for zeros at the end."""
    return -int(number.normalize().as_tuple().exponent)


def _rounded(number: Decimal, kind: str) -> Decimal | None:
    """Rounded half up to decimal(p,s); None if it has more digits than fit."""
    precision, places = _precision(kind)
    try:
        rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return rounded if abs(rounded) < Decimal(10) ** (precision - places) else None


def _precision(kind: str) -> tuple[int, int]:
    """Digits in all and behind the point of decimal(p,s)."""
    decimal = arrow_type(kind)
    return decimal.precision, decimal.scale
