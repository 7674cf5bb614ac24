"""Days flow in; which of them are worked in China, and how many lie between two, flow out.

The calendar is the State Council's yearly notice (国务院办公厅节假日安排); past the last one that is known, weekends
are all there is to go by.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import chinese_calendar

from schemas.contract.model import Cadence

# (ours) Working days after a delivery within which the next is due: half as long again as between two of them.
DUE: dict[Cadence, int] = {"daily": 2, "weekly": 8, "monthly": 33, "quarterly": 94, "yearly": 375}


@cache
def official_years() -> range:
    """The years whose notices are known."""
    years = {day.year for day in chinese_calendar.holidays}
    return range(min(years), max(years) + 1)


def is_worked(day: date) -> bool:
    """Whether a day is a working day (工作日)."""
    return bool(chinese_calendar.is_workday(day)) if day.year in official_years() else day.weekday() < 5


def working_days_since(day: date, today: date) -> int:
    """The working days after a day, up to today."""
    return sum(is_worked(day + timedelta(number)) for number in range(1, (today - day).days + 1))


def working_day_after(day: date, count: int) -> date:
    """The day on which so many working days after a day are over; that day itself is not counted (民法典 art. 201)."""
    while count:
        day += timedelta(1)
        count -= is_worked(day)
    return day


def days_late(cadence: Cadence, last: date, today: date) -> int:
    """By how many working days a feed is late; 0 where it is not, or is delivered once."""
    return max(working_days_since(last, today) - DUE[cadence], 0) if cadence in DUE else 0
