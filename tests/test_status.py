"""Who is late, by the feed's cadence and the working days of the State Council's calendar."""

from __future__ import annotations

from datetime import date

import pytest

from spark_jobs.lake.working_days import days_late, is_worked, working_days_since


@pytest.mark.parametrize(
    ("cadence", "last", "today", "late"),
    [
        ("daily", date(2025, 11, 3), date(2025, 11, 5), 0),
        ("daily", date(2025, 11, 3), date(2025, 11, 6), 1),
        ("weekly", date(2025, 11, 3), date(2025, 11, 13), 0),
        ("weekly", date(2025, 11, 3), date(2025, 11, 14), 1),
        # National Day 2024: 1 to 7 October are off, Sunday 29 September and Saturday 12 October are worked.
        ("daily", date(2024, 9, 28), date(2024, 10, 7), 0),
        ("daily", date(2024, 9, 28), date(2024, 10, 8), 1),
        ("once", date(2000, 1, 1), date(2026, 1, 1), 0),
    ],
)
def test_a_feed_is_late_by_working_days(cadence: str, last: date, today: date, late: int) -> None:
    assert days_late(cadence, last, today) == late  # type: ignore[arg-type]


def test_weekends_are_all_that_is_known_of_years_without_a_notice() -> None:
    assert not is_worked(date(2099, 1, 3))
    assert working_days_since(date(2099, 1, 1), date(2099, 1, 5)) == 2
