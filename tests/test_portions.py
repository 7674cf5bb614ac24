"""Rows are judged in units and chunks, here or by other processes: nothing that comes out may show where they end."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spark_jobs import pipeline
from spark_jobs.judging import conform, units
from spark_jobs.lake.home import Home
from tests.compare_lakes import differences
from tests.drops import GOOD, HEADINGS, OTHER, drop

FEED = "scjg_enterprise"
LARGE = [*[GOOD, OTHER, "91420100MA4K00010X,坏码,2016-03-01", "", f"{OTHER},多一格", GOOD.replace("2016", "2036")] * 9]
FILES = {"大.csv": LARGE, "小.csv": [GOOD, OTHER], "又小.csv": [OTHER, "坏,坏,坏"], "一行.csv": [GOOD]}


def landed(path: Path) -> Home:
    home = Home(path)
    for name, rows in FILES.items():
        drop(home, name, "\n".join([HEADINGS, *rows]) + "\n")
    pipeline.land(home)
    for file in home.table("bronze", FEED).glob("*.parquet"):
        divide_into_groups(file)
    return home


def divide_into_groups(file: Path) -> None:
    """Gives a file of bronze several row groups, as a large delivery has; the log keeps the file's size."""
    before = file.stat().st_size
    pq.write_table(pq.read_table(file), file, row_group_size=7)
    for commit in (file.parent / "_delta_log").glob("*.json"):
        lines = commit.read_text().splitlines()
        told = [
            line.replace(f'"size":{before}', f'"size":{file.stat().st_size}') if file.name in line else line
            for line in lines
        ]
        commit.write_text("\n".join(told) + "\n")


def judged(home: Home) -> Home:
    pipeline.conform(home)
    pipeline.validate(home)
    return home


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home judged at once; what comes after is judged in parts, by other processes."""
    monkeypatch.setenv("LAKEWARDEN_NOW", "2026-08-01T02:00:00+00:00")
    home = judged(landed(tmp_path / "whole"))
    monkeypatch.setattr(conform, "SMALLEST_UNIT", 5)
    monkeypatch.setattr(conform, "WORTH_WORKERS", 0)
    return home


def test_units_make_no_difference(whole: Home, tmp_path: Path) -> None:
    parted = judged(landed(tmp_path / "parted"))
    files, once = ([*home.table("silver", FEED).glob("*.parquet")] for home in (parted, whole))
    assert len(files) > 3 * len(once)
    assert differences(whole, parted, is_to_the_second=True) == []


def test_chunks_make_no_difference(whole: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conform, "SMALLEST_UNIT", 1_000)
    monkeypatch.setattr(conform, "WORTH_WORKERS", 1_000)
    monkeypatch.setattr(units, "ROWS_A_CHUNK", 3)
    assert differences(whole, judged(landed(tmp_path / "parted")), is_to_the_second=True) == []


@pytest.mark.parametrize("commits", [0, 1])
def test_a_crash_between_commits_loses_and_doubles_nothing(
    whole: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    parted, add_files, left = landed(tmp_path / "parted"), conform.add_files, iter(range(commits))

    def interrupted(path: Path, files: dict[Path, str]) -> None:
        add_files(path, files)
        if next(left, None) is None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(conform, "add_files", interrupted)
        with pytest.raises(KeyboardInterrupt):
            judged(parted)
    assert differences(whole, judged(parted), is_to_the_second=True) == []
