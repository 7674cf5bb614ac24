"""Texts flow in; dates, and moments of China in UTC, flow out; null for what is none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Column
from spark_jobs.judging.arrays import Mask, Numbers, cell_bytes, is_null

# (ours) Older days are typing mistakes; of those before the Gregorian calendar (1582) readers mean different ones.
FIRST_YEAR = 1600
DAY = "^(?P<year>[0-9]{4})[-/.年](?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})日?"
COMPACT_DAY = "^(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
FRACTION = "(?:[.](?P<fraction>[0-9]{1,9}))?"
TIME = f"(?:[ T]+(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{1,2}})(?::(?P<second>[0-9]{{1,2}}){FRACTION})?)?"
COMPACT_TIME = f"(?:(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}}){FRACTION})?"
ZONE = "(?:[+]08:?00)?$"
DATES = (f"{DAY}(?:[ T].*)?$", f"{COMPACT_DAY}$")
MOMENTS = (f"{DAY}{TIME}{ZONE}", f"{COMPACT_DAY}{COMPACT_TIME}{ZONE}")
SECOND = 1_000_000
MICROSECONDS_A_DAY = 86_400 * SECOND
# China has one time zone and no summer time.
AHEAD_OF_UTC = 8 * 3_600 * SECOND


def read_dates(text: pa.Array) -> pa.Array:
    """2024-05-01, 2024/5/1, 2024.5.1, 2024年5月1日 and 20240501, with or without a time of day, are one date."""
    days, exists = _iso_days(text) or _days_by_form(text)
    return pa.array(days.astype(np.int32), pa.int32(), mask=~exists).cast(pa.date32())


def read_moments(text: pa.Array) -> pa.Array:
    """A date with a time of day in China, 2019-04-11 08:30:00 or 20190411083000; without one it is midnight. In UTC."""
    moments, exists = np.zeros(len(text), np.int64), np.zeros(len(text), bool)
    for form in MOMENTS:
        parts = pc.extract_regex(text, form)
        matched = ~is_null(parts) & ~exists
        if not matched.any():
            continue
        days, there = _days(parts, matched)
        hours, minutes, seconds = (_numbers(parts.field(name), matched) for name in ("hour", "minute", "second"))
        fractions = _numbers(pc.utf8_slice_codeunits(pc.utf8_rpad(parts.field("fraction"), 6, "0"), 0, 6), matched)
        there &= (hours < 24) & (minutes < 60) & (seconds < 60)
        in_day = ((hours * 60 + minutes) * 60 + seconds) * SECOND + fractions
        moments = np.where(there, days * MICROSECONDS_A_DAY + in_day - AHEAD_OF_UTC, moments)
        exists |= there
    return pa.array(moments, pa.timestamp("us", tz="UTC"), mask=~exists)


def days_of(column: Column, typed: pa.Array) -> pa.Array:
    """The days in China of dates, or of moments kept in UTC."""
    if column.type != "timestamp":
        return typed
    moments = pc.fill_null(typed.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    days = ((moments + AHEAD_OF_UTC) // MICROSECONDS_A_DAY).astype(np.int32)
    return pa.array(days, pa.int32(), mask=is_null(typed)).cast(pa.date32())


def days_since_1970(years: Numbers, months: Numbers, days: Numbers) -> tuple[Numbers, Mask]:
    """Days since 1970-01-01, and which of these days there are."""
    month = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
    first, next_first = (some.astype("datetime64[D]").astype(np.int64) for some in (month, month + 1))
    there = (years >= FIRST_YEAR) & (months >= 1) & (months <= 12) & (days >= 1) & (days <= next_first - first)
    return first + days - 1, there


def _days_by_form(text: pa.Array) -> tuple[Numbers, Mask]:
    days, exists = np.zeros(len(text), np.int64), np.zeros(len(text), bool)
    for form in DATES:
        parts = pc.extract_regex(text, form)
        matched = ~is_null(parts) & ~exists
        if matched.any():
            found, there = _days(parts, matched)
            days, exists = np.where(there, found, days), exists | there
    return days, exists


def _iso_days(text: pa.Array) -> tuple[Numbers, Mask] | None:
    """Where all cells are written 2024-05-01, as in most files, their digits are read in place; None if one is not."""
    data, bounds = cell_bytes(text)
    if text.null_count or not len(text) or (np.diff(bounds) != 10).any():
        return None
    digits = data[bounds[0] : bounds[-1]].reshape(-1, 10).astype(np.int64) - ord("0")
    numbers = digits[:, [0, 1, 2, 3, 5, 6, 8, 9]]
    if (digits[:, [4, 7]] != ord("-") - ord("0")).any() or (numbers < 0).any() or (numbers > 9).any():
        return None
    return days_since_1970(numbers[:, :4] @ (1000, 100, 10, 1), numbers[:, 4:6] @ (10, 1), numbers[:, 6:] @ (10, 1))


def _days(parts: pa.StructArray, matched: Mask) -> tuple[Numbers, Mask]:
    """The days of what matched a form."""
    days, there = days_since_1970(*(_numbers(parts.field(name), matched) for name in ("year", "month", "day")))
    return days, there & matched


def _numbers(digits: pa.Array, matched: Mask) -> Numbers:
    """Digits as numbers; 0 where nothing matched or none are written."""
    kept = pc.if_else(pc.and_(pa.array(matched), pc.greater(pc.binary_length(digits), 0)), digits, "0")
    numbers: Numbers = pc.fill_null(kept, "0").cast(pa.int64()).to_numpy(zero_copy_only=False)
    return numbers
