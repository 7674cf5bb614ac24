"""Upkeep of the Delta tables: few files, no row lost, nothing that still waits is touched, old commits gone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from spark_jobs import pipeline
from spark_jobs.judging.decide import put_back, to_replay
from spark_jobs.lake import upkeep
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, landed, pending, read_ledger, record
from spark_jobs.lake.tables import create_tables, read, tables
from spark_jobs.landing.land import make_landing_zone
from tests.drops import FIRMS, drop, table

FEED, FEWEST, DAYS = "scjg_enterprise", 3, 4
DELIVERY = Delivery("0" * 64, "scjg", "enterprise", FEED, "a.csv", 1, datetime(2026, 7, 1, tzinfo=UTC), state="held")
BAD = "123,坏的一行,2016-03-01"


def versions(home: Home) -> dict[tuple[str, str], int]:
    return {place: DeltaTable(home.table(*place)).version() for place in tables(home)}


def rows(home: Home, layer: str) -> Counter[tuple[str, int]]:
    found = read(home.table(layer, FEED), ["_delivery", "_line"]).to_pylist()
    return Counter((row["_delivery"], row["_line"]) for row in found)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home that has had a delivery a day, one row of each rejected, with few files enough to compact."""
    home = Home(tmp_path_factory.mktemp("upkeep") / "lake")
    make_landing_zone(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upkeep, "FEWEST", FEWEST)
        for day in range(DAYS):
            drop(home, f"{day}.csv", table(*(firm.replace("样本", f"第{day}天") for firm in FIRMS), BAD))
            for stage in (pipeline.land, pipeline.conform, pipeline.base):
                stage(home)
    return home


def test_small_files_become_few_and_hold_the_same_rows(lake: Home) -> None:
    for layer, name in tables(lake):
        if layer in ("bronze", "silver", "quarantine", "ops"):
            assert len(DeltaTable(lake.table(layer, name)).file_uris()) < FEWEST, f"{layer}.{name}"
    assert len(rows(lake, "bronze")) == DAYS * (len(FIRMS) + 1)
    assert set(rows(lake, "bronze").values()) == {1}
    assert rows(lake, "bronze") == rows(lake, "silver") + rows(lake, "quarantine")


def test_a_table_is_compacted_once(lake: Home) -> None:
    before = versions(lake)
    upkeep.keep_up(lake, "bronze", "silver", "quarantine", "ops", "base")
    assert versions(lake) == before
    assert not any(stage(lake).changed for stage in (pipeline.land, pipeline.conform, pipeline.base))
    assert versions(lake) == before


def test_bronze_waits_until_all_its_deliveries_are_judged(lake: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FEWEST", 1)
    drop(lake, "未判.csv", table(*FIRMS))
    pipeline.land(lake)
    [waiting] = pending(lake)[FEED]
    upkeep.keep_up(lake, "bronze")
    assert waiting.delivery in landed(lake, FEED)
    pipeline.conform(lake)
    assert landed(lake, FEED) == set()
    assert pending(lake) == {}


def test_a_compacted_delivery_can_be_judged_again(lake: Home) -> None:
    before = {layer: rows(lake, layer) for layer in ("bronze", "silver", "quarantine")}
    chosen = to_replay(lake, FEED, None)
    assert len(chosen) >= DAYS
    put_back(lake, chosen)
    assert {one.delivery for one in pending(lake)[FEED]} == {one.delivery for one in chosen}
    assert pipeline.conform(lake).changed
    assert {layer: rows(lake, layer) for layer in before} == before


def test_what_is_old_goes_once_a_week_and_the_table_stays(home: Home) -> None:
    create_tables(home)
    path = home.table("ops", "delivery")
    record(home, [DELIVERY])
    record(home, [replace(DELIVERY, state="rejected")])
    held = set(path.glob("*.parquet"))
    left_by_a_killed_run = path / "part-0-left.parquet"
    left_by_a_killed_run.write_bytes(b"half a file")
    for month in range(2):
        upkeep.keep_up(home, "ops")
        before = DeltaTable(path).version()
        upkeep.keep_up(home, "ops")
        assert DeltaTable(path).version() == before
        assert left_by_a_killed_run.exists() == (month == 0)
        age([left_by_a_killed_run, home.state / "cleared_ops", *(path / "_delta_log").iterdir()], timedelta(days=40))
    upkeep.keep_up(home, "ops")
    assert set(path.glob("*.parquet")) == held  # yesterday's version can still be read
    assert not (path / "_delta_log" / f"{0:020}.json").exists()
    assert [one.state for one in read_ledger(home)] == ["rejected"]


def age(files: Iterable[Path], by: timedelta) -> None:
    for file in (file for file in files if file.exists()):
        moment = file.stat().st_mtime - by.total_seconds()
        os.utime(file, (moment, moment))
