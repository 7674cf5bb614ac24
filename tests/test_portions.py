"""A large delivery is judged by portions of its lines: nothing of what comes out may show where they begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark_jobs import pipeline
from spark_jobs.judging import conform
from spark_jobs.judging import figures as profile
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.compare_lakes import differences
from tests.drops import GOOD, HEADINGS, OTHER, drop

LARGE = [*[GOOD, OTHER, "91420100MA4K00010X,坏码,2016-03-01", "", f"{OTHER},多一格", GOOD.replace("2016", "2036")] * 9]
FILES = {"大.csv": LARGE, "小.csv": [GOOD, OTHER], "又小.csv": [OTHER, "坏,坏,坏"], "一行.csv": [GOOD]}


def prepared(path: Path) -> Home:
    home = Home(path)
    for name, rows in FILES.items():
        drop(home, name, "\n".join([HEADINGS, *rows]) + "\n")
    return home


def judged(home: Home) -> Home:
    pipeline.land(home)
    pipeline.conform(home)
    return home


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home judged at once; what comes after is judged by portions."""
    monkeypatch.setenv("LAKEWARDEN_NOW", "2026-08-01T02:00:00+00:00")
    home = judged(prepared(tmp_path / "whole"))
    monkeypatch.setattr(conform, "AT_ONCE", 5)
    monkeypatch.setattr(conform, "WORTH_SPREADING", 3)
    monkeypatch.setattr(profile, "KEYS_AT_ONCE", 4)
    return home


def test_portions_make_no_difference(whole: Home, tmp_path: Path) -> None:
    parted = judged(prepared(tmp_path / "parted"))
    assert read(parted.table("silver", "scjg_enterprise")).num_rows > 2 * conform.AT_ONCE
    assert differences(whole, parted, is_to_the_second=True) == []


@pytest.mark.parametrize("appends", [1, 2, 5])
def test_a_crash_between_portions_loses_and_doubles_nothing(
    whole: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appends: int
) -> None:
    parted, append, left = prepared(tmp_path / "parted"), conform._append, iter(range(appends))

    def interrupted(*words: object) -> None:
        append(*words)  # type: ignore[arg-type]
        if next(left, None) is None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(conform, "_append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            judged(parted)
    assert differences(whole, judged(parted), is_to_the_second=True) == []
