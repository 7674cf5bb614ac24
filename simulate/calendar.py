"""Days flow in; which of them are worked, and the n-th working day after a day, flow out."""

from __future__ import annotations

from datetime import date

import chinese_calendar
import numpy as np

from simulate.word_lists import Array

KNOWN_YEARS = {day.year for day in chinese_calendar.holidays}
# Inspectors work less around the Spring Festival and in high summer, more before the year's end.
BUSY_MONTHS = (0.85, 0.6, 1.1, 1.05, 1.05, 1.15, 0.9, 0.9, 1.1, 1.0, 1.15, 1.15)
# Complaints follow trade: 3·15, the shopping feasts of June and November, the turn of the year.
COMPLAINT_MONTHS = (1.05, 0.9, 1.25, 0.95, 1.0, 1.1, 0.95, 0.95, 1.0, 1.0, 1.2, 1.1)


def is_workday(day: date) -> bool:
    """By the State Council's notices where they are known, else Monday to Friday."""
    known = day.year in KNOWN_YEARS
    return bool(chinese_calendar.is_workday(day)) if known else day.weekday() < 5


def workdays(first: np.datetime64, count: int) -> Array:
    """For each of `count` days from `first` on, whether it is worked."""
    return np.array([is_workday(day) for day in (first + np.arange(count)).astype(object)])


def after_workdays(days: Array, steps: Array) -> Array:
    """The n-th working day after each day."""
    first, reach = days.min(), int((days.max() - days.min()).astype(int)) + int(steps.max()) * 3 + 30
    worked = workdays(first, reach)
    worked_days = first + np.flatnonzero(worked)
    number = np.cumsum(worked)
    position = number[(days - first).astype(int)] + np.maximum(steps, 1) - 1
    return np.where(steps <= 0, days, worked_days[position]).astype("datetime64[D]")


def compact(days: Array) -> Array:
    """Days as 20240501."""
    return np.array([str(day).replace("-", "") for day in days], dtype=object)


def draw_days(
    rng: np.random.Generator,
    first: np.datetime64,
    count: int,
    draws: int,
    months: tuple[float, ...],
    rest: float,
) -> Array:
    """Days by working week, season and slow growth; `rest` is what a day off counts against a working day."""
    days = first + np.arange(count)
    month = days.astype("datetime64[M]").astype(int) % 12
    growth = 1 + 0.25 * np.arange(count) / 365
    weights = np.where(workdays(first, count), 1.0, rest) * np.array(months)[month] * growth
    drawn: Array = days[rng.choice(count, draws, p=weights / weights.sum())]
    return drawn
