"""What people read of a run: numbers with what they count, tables that fit, times in China."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from spark_jobs.command.screen import FIGURES, counted, show_table


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


IDENTITY = "0123456789ab"
REASON = "行数为 2，低于约定的 5，整批暂缓入库。" * 3


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_table_fits_the_terminal_and_keeps_identities_whole(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    headings = ["identity", "received", "department", "feed", "reason"]
    show_table(headings, [[IDENTITY, "2026-11-27 05:18:55+08:00", "scjg", "complaint", REASON]] * 2, folded=("reason",))
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert sum(IDENTITY in line for line in lines) == 2
    assert "".join("".join(lines).split()).count("整批暂缓入库") >= 1


def test_a_row_is_a_line_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["identity", "reason"], [[IDENTITY, REASON * 5]], folded=("reason",))
    _, line = capsys.readouterr().out.splitlines()
    assert line.split(maxsplit=1) == [IDENTITY, (REASON * 5)]
