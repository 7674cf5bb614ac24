"""A contract's column flows in; values that it accepts, where the world has none for it, flow out."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator

from schemas.contract import Column, Strict, code_list
from simulate.firms import NAT, Period
from simulate.mess import LIST_JOINER, NOTHING, spellings
from simulate.patterns import text_of
from simulate.promises import broken
from simulate.word_lists import Array, read_rows, words

DISTINCT_TEXTS = 300  # of a pattern: more are made only where a key must differ row by row
DELAY = (0, 1, 1, 2, 3, 5, 8, 15)
YEAR = np.timedelta64(365, "D")


Blank = BeforeValidator(lambda text: text or None)


class Usual(Strict):
    """What a column usually holds, a row of usual.csv (ours): a number's median and the spread of its logarithm, the
    share of rows with a code, or how many distinct texts there are.

    What a figure compares with something else varies more than a sample's few rows do.
    """

    column: str
    median: Annotated[float | None, Blank]
    spread: Annotated[float | None, Blank]
    code: str
    share: Annotated[float | None, Blank]
    distinct: Annotated[int | None, Blank]


@cache
def usual_of(name: str) -> Usual | None:
    """What a column of that name usually holds, if anything is known."""
    return next((row for row in read_rows("usual.csv", Usual) if row.column == name), None)


def few(column: Column, made: Array, rng: np.random.Generator) -> Array:
    """Of a column that has few distinct texts (usual.csv) only some of those made, the first of them most often."""
    usual = usual_of(column.name)
    if not (usual and usual.distinct and len(made)):
        return made
    kept = np.unique(made)[: usual.distinct]
    weights = np.arange(len(kept), 0, -1)
    return rng.choice(kept, len(made), p=weights / weights.sum())


def kind_of(column: Column) -> str:
    """How a column's values are held: as dates (M), as numbers (f) or as text (O)."""
    if column.type in ("date", "timestamp"):
        return "M"
    if column.parse == "amount" or re.match("integer|bigint|double|decimal", column.type or ""):
        return "f"
    return "O"


def generated(column: Column, day: Array, rng: np.random.Generator, key: str | None = None) -> Array:
    """Values for a column that means nothing known, one for each event's day; `key`: of a key, that begin with it."""
    count = len(day)
    if kind_of(column) == "M":
        days: Array = day + rng.choice(DELAY, count).astype("timedelta64[D]")
        return days
    if column.name.endswith("_year") and column.type == "integer":
        return day.astype("datetime64[Y]").astype(int).astype(float) + 1970
    if column.name.endswith("_month") and column.type == "string":
        return np.datetime_as_string(day, unit="M").astype(object)
    if kind_of(column) == "f":
        return _running(column, count) if key is not None else _numbers(column, count, rng)
    if column.parse == "currency":
        return rng.choice(np.array(["CNY", "USD"], dtype=object), count, p=[0.98, 0.02])
    if column.codes:
        return _codes(column, count, rng)
    if column.type == "boolean":
        return rng.choice(np.array(["true", "false"], dtype=object), count)
    if column.type == "list":
        return _lists(column, count, rng)
    return _texts(column, count, rng) if key is None else _keys(column, key, day, rng)


def _numbers(column: Column, count: int, rng: np.random.Generator) -> Array:
    """Log-normal above the least; between the least and the most, where both are promised, nearer to the least."""
    low, high = column.min, column.max
    if (usual := usual_of(column.name)) and usual.median and usual.spread:
        drawn = usual.median * rng.lognormal(0, usual.spread, count)
    elif low is not None and high is not None and high - low < 1e6:
        drawn = low + (high - low) * rng.beta(1.3, 2.5, count)
    else:
        drawn = (low or 0) + rng.lognormal(6, 1.2, count)
    return bounded(column, drawn)


def _places(column: Column) -> int:
    """Decimal places of a column's numbers."""
    match = re.fullmatch(r"decimal\(\d+, ?(\d+)\)", column.type or "")
    return int(match[1]) if match else 3 * (column.type == "double")


def largest(column: Column) -> float:
    """The largest number that fits into a column's type."""
    match = re.fullmatch(r"decimal\((\d+), ?\d+\)", column.type or "")
    return float(10.0 ** ((int(match[1]) if match else 15) - _places(column)) - 1)


def bounded(column: Column, numbers: Array) -> Array:
    """The numbers as the column's type holds them and its headings' units write them, within its bounds."""
    places, most = _places(column), largest(column)
    step = max([10.0**-places, *((heading.scale or 1) * 1e-6 for heading in column.headings)])
    low, high = max(column.min if column.min is not None else -most, -most), min(column.max or most, most)
    rounded = np.round(np.clip(numbers, low, high) / step) * step
    rounded = np.where(rounded < low, np.ceil(low / step) * step, rounded)
    rounded = np.where(rounded > high, np.floor(high / step) * step, rounded)
    return np.round(rounded, places)


def within(column: Column, days: Array, period: Period) -> Array:
    """Dates whose years the column allows; others are drawn back to the nearest year that it does."""
    first = np.datetime64(f"{int(column.min or 1)}-01-01") if column.min is not None else NAT
    last = np.datetime64(f"{int(column.max)}-12-31") if column.max is not None else NAT
    days = np.where(days < first, first, days)
    days = np.where(days > last, last, days)
    return (np.where(days > period.last, period.last, days) if column.not_future else days).astype("datetime64[D]")


def _running(column: Column, count: int) -> Array:
    """Numbers of a key, one behind the other; within their bounds, where the key's other columns tell rows apart."""
    numbers, low = np.arange(1.0, count + 1), max(column.min or 0, 0)
    return low + numbers % (column.max - low + 1) if column.max is not None else low + numbers


def clocked(days: Array, rng: np.random.Generator) -> Array:
    """Moments of the days, in office hours."""
    seconds = rng.integers(8 * 3600 + 1, 18 * 3600, len(days)).astype("timedelta64[s]")
    moments: Array = days.astype("datetime64[s]") + seconds
    return moments


def _codes(column: Column, count: int, rng: np.random.Generator) -> Array:
    """Codes in force; the first of a list are the usual ones."""
    codes = np.array(codes_in_force(column), object)
    weights = 1 / np.arange(1, len(codes) + 1)
    if (usual := usual_of(column.name)) and usual.share and usual.code in codes:
        is_usual = codes == usual.code
        weights = np.where(is_usual, usual.share, (1 - usual.share) * weights / max(weights[~is_usual].sum(), 1e-9))
    return rng.choice(codes, count, p=weights / weights.sum())


def codes_in_force(column: Column) -> list[str]:
    """The codes of a column's list that can be written, in the list's order."""
    assert column.codes
    written = spellings(column)
    return [code.code for code in code_list(column.codes) if not code.valid_to and written[code.code]]


def fitting_codes(column: Column, beside: str) -> tuple[str, ...] | None:
    """The codes that may stand beside what another column holds; None where any may."""
    assert column.fits
    if column.fits.is_:
        return column.fits.is_.get(beside)
    return next((codes for begin, codes in column.fits.begins.items() if beside.startswith(begin)), None)


def fitting(column: Column, made: Array, beside: Array, rng: np.random.Generator) -> Array:
    """The codes, but others where they do not go with what the other column holds."""
    codes = made.copy()
    for row, held in enumerate(beside):
        allowed = fitting_codes(column, str(held))
        if allowed is not None and codes[row] not in allowed:
            codes[row] = str(rng.choice(list(allowed)))
    return codes


def _lists(column: Column, count: int, rng: np.random.Generator) -> Array:
    offered = [f"{column.label or column.name}{mark}" for mark in "甲乙丙丁戊己庚"]
    fewest = max(column.min_items or 1, 1)
    sizes = fewest + rng.integers(0, 2, count)
    offered += [f"{offered[0]}{number}" for number in range(len(offered), fewest + 1)]
    starts = rng.integers(0, len(offered), count)
    listed = [
        [offered[(start + n) % len(offered)] for n in range(size)] for start, size in zip(starts, sizes, strict=True)
    ]
    return np.array([LIST_JOINER.join(items) for items in listed], dtype=object)


def _keys(column: Column, begin: str, day: Array, rng: np.random.Generator) -> Array:
    """Running numbers behind the day, or texts of the column's pattern, which a row may share with another."""
    count = len(day)
    if column.pattern:
        made = np.array([text_of(column.pattern, rng) for _ in range(count)], dtype=object)
    else:
        dates = np.char.replace(np.datetime_as_string(day.astype("datetime64[D]")), "-", "")
        made = np.array([f"{begin}{date}{number:06d}" for number, date in enumerate(dates, 1)], dtype=object)
    limit = column.max_length or 100
    return np.array([text[-limit:] for text in made], dtype=object)


def _texts(column: Column, count: int, rng: np.random.Generator) -> Array:
    """A few words behind the column's label; texts of its pattern where they do not match it."""
    marks = [f"{column.label or column.name}{word}" for word in words("remark")]
    fitting = [text for text in (*marks, *words("remark")) if not broken(column, text) and text not in NOTHING]
    if not fitting and column.pattern:
        distinct = {text_of(column.pattern, rng) for _ in range(min(count, DISTINCT_TEXTS))}
        fitting = [text for text in sorted(distinct) if not broken(column, text)]
    fitting = fitting or [mark for mark in "甲乙丙丁" if not broken(column, mark)]
    return rng.choice(np.array(fitting, dtype=object), count)
