"""What people read of a run: numbers with what they count, tables that fit, times in China."""

from __future__ import annotations

import pytest

from spark_jobs.command.screen import FIGURES, counted


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "deliveries", "1 delivery"),
        (2, "deliveries", "2 deliveries"),
        (0, "rows accepted", "0 rows accepted"),
        (1, "rows accepted", "1 row accepted"),
        (1, "nil reports", "1 nil report"),
        (1, FIGURES["beyond_limit"], "1 delivery beyond the quarantine limit"),
        (1, "refused", "1 refused"),
        (1234, "rows", "1,234 rows"),
    ],
)
def test_counts_have_their_plural(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said
