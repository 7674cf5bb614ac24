"""Texts flow in; dates, and moments of China in UTC, flow out; null for what is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Column
from spark_jobs.judging.arrays import Mask, Numbers, cell_bytes, chosen, is_null, is_true, matches, mended
from spark_jobs.judging.odd_days import SERIAL, SERIAL_DIGITS, of_serial, usual

# (ours) Older days are typing mistakes; of those before the Gregorian calendar (1582) readers mean different ones.
FIRST_YEAR = 1600
DAY = "^(?P<year>[0-9]{4})[-/.年](?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})"
COMPACT_DAY = "^(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
FRACTION = "(?:[.,](?P<fraction>[0-9]{1,9}))?"
# Z, +08:00, +0800, -05: how far the place is from UTC; without it, it is China.
ZONE = "(?: ?(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?))?"
TIME = f"(?P<hour>[0-9]{{1,2}})[:时](?P<minute>[0-9]{{1,2}})(?:[:分](?P<second>[0-9]{{1,2}}){FRACTION}秒?|分)?{ZONE}"
COMPACT_TIME = f"(?P<hour>[0-9]{{2}}):?(?P<minute>[0-9]{{2}}):?(?P<second>[0-9]{{2}}){FRACTION}{ZONE}"
FORMS = (
    f"{DAY}日?(?:(?: *T *| +){TIME})?$",
    f"{COMPACT_DAY}(?:[ T]?{COMPACT_TIME})?$",
    f"{DAY}日{TIME}$",
    f"{COMPACT_DAY}(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})$",
    f"{COMPACT_DAY}(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}})(?P<fraction>[0-9]{{3}})$",
    f"{DAY}(?:Z|[+][0-9]{{2}}:?[0-9]{{2}})$",  # a day is that day, in whatever zone it was written
)
# 1761926400, 1761926400000, 1761926400000000: seconds, milliseconds or microseconds since 1970, from 2001 on.
EPOCH = "^(?:1[0-8][0-9]{8}|[1-3][0-9]{12}|1[0-8][0-9]{14})$"
# What programs write where they have no date: the days on which they begin to count.
BEGINNINGS = tuple(date(*day) for day in ((1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1)))
# 2021-06-01 至 2027-05-31, 自2021年6月1日起至2027年5月31日止, 2021.06.01-2027.05.31, 2021-06-01至长期, 长期.
_CLOCK = "(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
_DATE = f"(?:[0-9]{{4}}[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,2}}日?|[0-9]{{8}}){_CLOCK}"
_LASTING = "(?:长期|永久|终身)(?:有效|使用)?|永续|无固定期限?|无(?:限期|期限|限)|不限(?:期限?)?|不定期"
TERM = re.compile(
    rf"(?:有效期限?[:：]?\s*)?(?:[自从]?\s*({_DATE})\s*起?\s*(?:至|到|[-~～—–－―]+|(?={_LASTING}))|[至到]|截[至止]到?)?"
    rf"\s*({_DATE}|{_LASTING})\s*止?[。.]?"
)
# A term whose end nobody wrote.
SINCE = re.compile(rf"[自从]?\s*(?:{_DATE})?\s*(?:至今|起|以来|至)")
# What stands for the end of a term that has none.
LASTING = date(2099, 12, 31)
# 2026-03, 2026/3, 2026年3月, 202603. Behind a point two digits: a spreadsheet makes 2026.1 of 2026.10 and 2026.1 alike.
MONTH = re.compile("([0-9]{4})(?:[-/年](0?[1-9]|1[0-2])|[.]?(0[1-9]|1[0-2]))月?份?")
SECOND = 1_000_000
MICROSECONDS_A_DAY = 86_400 * SECOND
# China has one time zone and no summer time.
AHEAD_OF_UTC = 8 * 3_600 * SECOND


def read_dates(text: pa.Array) -> pa.Array:
    """2024-05-01, 2024/5/1, 2024.5.1, 2024年5月1日 and 20240501, with or without a time of day, are one date.

    Where a zone is written, it is the date in China at that moment.
    """
    if iso := _iso_days(text):
        days, exists = iso
    else:
        moments, exists = _moments(text)
        days = (moments + AHEAD_OF_UTC) // MICROSECONDS_A_DAY
    return pa.array(days.astype(np.int32), pa.int32(), mask=~exists).cast(pa.date32())


def read_moments(text: pa.Array) -> pa.Array:
    """A date with a time of day, 2019-04-11 08:30:00 or 20190411083000, in China unless a zone is written; in UTC.

    Without a time of day it is midnight.
    """
    moments, exists = _moments(text)
    return pa.array(moments, pa.timestamp("us", tz="UTC"), mask=~exists)


def read_term_ends(text: pa.Array) -> pa.Array:
    """The last day of each term; a date alone is one, and 长期 is LASTING."""
    dates = read_dates(text)
    return mended(dates, _are_odd(text, dates), lambda cell: _term(cell)[1], text)


def read_term_begins(text: pa.Array) -> pa.Array:
    """The first day of each term, null where only its last is written."""
    dates = read_dates(text)
    return mended(pa.nulls(len(text), dates.type), _are_odd(text, dates), lambda cell: _term(cell)[0], text)


def read_months(text: pa.Array) -> pa.Array:
    """The first day of each month, written as a month or as any day of it."""
    dates = read_dates(text)
    days = mended(dates, _are_odd(text, dates), _month, text)
    return pc.floor_temporal(days, unit="month").cast(pa.date32())


def _month(cell: str) -> date | None:
    found = MONTH.fullmatch(cell)
    return date(int(found[1]), int(found[2] or found[3]), 1) if found and int(found[1]) >= FIRST_YEAR else None


def read_written(dates: pa.Array, text: pa.Array, patterns: tuple[str, ...]) -> pa.Array:
    """The dates, and those of cells that are none but by a pattern that the sender's contract names."""
    return mended(dates, _are_odd(text, dates), lambda cell: _by_pattern(cell, patterns), text) if patterns else dates


def _by_pattern(cell: str, patterns: tuple[str, ...]) -> date | None:
    for pattern in patterns:
        try:
            day = datetime.strptime(cell, pattern).date()
        except ValueError:
            continue
        return day if day.year >= FIRST_YEAR else None
    return None


def is_term(cell: str) -> bool:
    """Whether a cell that is no date holds a term, or says that there is no end."""
    term = _term_of(cell)
    return SINCE.fullmatch(cell) is not None or (
        term is not None and bool(term[1] or cell[0] in "至到" or not term[2][0].isdigit())
    )


def day_doubts(text: pa.Array, typed: pa.Array) -> Iterator[tuple[str, Mask]]:
    """Which dates may be none: a spreadsheet's number of a day, and the day on which a program begins to count."""
    data, bounds = cell_bytes(text)
    if (np.diff(bounds) == SERIAL_DIGITS).any() or (data == ord(".")).any():
        is_serial = matches(text, SERIAL) & ~is_null(typed)
        yield "是表格软件的日期序号，已换算成日期", is_serial
    days = typed if pa.types.is_date(typed.type) else _local_days(typed)
    first = pc.min(days).as_py()
    if first is not None and first <= BEGINNINGS[-1]:
        is_beginning = is_true(pc.is_in(days, value_set=pa.array(BEGINNINGS, pa.date32()), skip_nulls=True))
        yield "像是系统的默认日期，不是真实日期", is_beginning


def _are_odd(text: pa.Array, dates: pa.Array) -> Mask:
    """Which cells hold something else than a date."""
    return is_null(dates) & ~is_null(text)


def _term(cell: str) -> tuple[date | None, date | None]:
    """The first and the last day of a term, as far as they are written; neither where it ends before it begins."""
    term = _term_of(cell)
    begin, end = (_date(term[1]), _date(term[2])) if term else (None, None)
    is_wrong = term is not None and term[1] is not None and (begin is None or end is None or end < begin)
    return (None, None) if is_wrong else (begin, end)


def _term_of(cell: str) -> re.Match[str] | None:
    """A term; blanks between its words say nothing: 长 期."""
    return TERM.fullmatch(re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", cell))


def _date(written: str | None) -> date | None:
    if written is None:
        return None
    if not written[0].isdigit():
        return LASTING
    day: date | None = read_dates(pa.array([written]))[0].as_py()
    return day


def days_of(column: Column, typed: pa.Array) -> pa.Array:
    """The days in China of dates, or of moments kept in UTC."""
    return _local_days(typed) if column.type == "timestamp" else typed


def _local_days(typed: pa.Array) -> pa.Array:
    moments = pc.fill_null(typed.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    days = ((moments + AHEAD_OF_UTC) // MICROSECONDS_A_DAY).astype(np.int32)
    return pa.array(days, pa.int32(), mask=is_null(typed)).cast(pa.date32())


def days_since_1970(years: Numbers, months: Numbers, days: Numbers) -> tuple[Numbers, Mask]:
    """Days since 1970-01-01, and which of these days there are."""
    month = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
    first, next_first = (some.astype("datetime64[D]").astype(np.int64) for some in (month, month + 1))
    there = (years >= FIRST_YEAR) & (months >= 1) & (months <= 12) & (days >= 1) & (days <= next_first - first)
    return first + days - 1, there


def _moments(text: pa.Array, *, is_usual: bool = False) -> tuple[Numbers, Mask]:
    """Microseconds since 1970 in UTC, and which cells hold a moment; odd spellings are looked for unless `is_usual`."""
    moments, exists = np.zeros(len(text), np.int64), np.zeros(len(text), bool)
    for form in FORMS:
        parts = pc.extract_regex(text, form)
        matched = ~is_null(parts) & ~exists
        if not matched.any():
            continue
        days, there = _days(parts, matched)
        hours, minutes, seconds = (_numbers(_part(parts, name), matched) for name in ("hour", "minute", "second"))
        microseconds = pc.utf8_slice_codeunits(pc.utf8_rpad(_part(parts, "fraction"), 6, "0"), 0, 6)
        fractions = _numbers(microseconds, matched)
        there &= (hours < 24) & (minutes < 60) & (seconds < 60)
        in_day = ((hours * 60 + minutes) * 60 + seconds) * SECOND + fractions
        ahead = _ahead_of_utc(_part(parts, "zone"), matched)
        moments = np.where(there, days * MICROSECONDS_A_DAY + in_day - ahead, moments)
        exists |= there
    is_odd = ~exists & ~is_null(text)
    if not is_odd.any():
        return moments, exists
    odd = chosen(text, is_odd)
    counted = [_counted(cell) for cell in odd]
    moments[is_odd] = [moment or 0 for moment in counted]
    exists[is_odd] = [moment is not None for moment in counted]
    if not is_usual and any(spellings := [usual(cell) for cell in odd]):
        respelled = is_odd & ~exists
        spelled = pa.array([s for s, moment in zip(spellings, counted, strict=True) if moment is None], pa.string())
        moments[respelled], exists[respelled] = _moments(spelled, is_usual=True)
    return moments, exists


def _counted(cell: str) -> int | None:
    """The microseconds of a moment that a program has counted from some day on."""
    if re.match(EPOCH, cell):
        return int(cell.ljust(16, "0"))
    serial = of_serial(cell)
    return (serial - datetime(1970, 1, 1)) // timedelta(microseconds=1) - AHEAD_OF_UTC if serial else None


def _part(parts: pa.StructArray, name: str) -> pa.Array:
    """A part of each match; nothing where the form has no such part."""
    return parts.field(name) if parts.type.get_field_index(name) >= 0 else pa.nulls(len(parts), pa.string())


def _ahead_of_utc(zones: pa.Array, matched: Mask) -> Numbers:
    """By how much the clocks of each zone are ahead of UTC; where none is written, those of China."""
    ahead = np.full(len(zones), AHEAD_OF_UTC)
    written = matched & is_true(pc.greater(pc.binary_length(zones), 0))
    if written.any():
        ahead[written] = [_ahead(zone) for zone in chosen(zones, written)]
    return ahead


def _ahead(zone: str) -> int:
    if zone == "Z":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 60 + int(digits[2:])) * 60 * SECOND


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
