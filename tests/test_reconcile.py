"""Rows that a table loses are found by counting again, and located: the file, the table, how many."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark_jobs import pipeline
from spark_jobs.building.hops import losses
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import overwrite, read
from tests.drops import FIRMS, drop, table

NOT_A_DAY = "91420100MA4K00010R,武汉样本商贸有限公司,2016-13-45"
FEED = "scjg_enterprise"


@pytest.fixture
def loaded(home: Home) -> Home:
    """Five firms in base, and a row that was turned away."""
    drop(home, "firms.csv", table(*FIRMS, NOT_A_DAY))
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        stage(home)
    assert _counted(home) == []
    assert read(home.table("quarantine", FEED)).num_rows == 1
    return home


def _counted(home: Home) -> list[tuple[str, str, int, int]]:
    report = pipeline.reconcile(home)
    assert len(report.warnings) == len(losses(home))
    return [(loss.file_name, loss.hop, loss.rows_in, loss.rows_missing) for loss in losses(home)]


def _lose(path: Path) -> None:
    """Takes the first row out of a table, as a bad restore would."""
    overwrite(path, read(path).slice(1))


@pytest.mark.parametrize(
    ("layer", "hops"),
    [("bronze", ["land"]), ("quarantine", ["conform"]), ("silver", ["base.supervised_object", "conform"])],
)
def test_a_lost_row_is_located(loaded: Home, layer: str, hops: list[str]) -> None:
    _lose(loaded.table(layer, FEED))
    assert sorted(_counted(loaded)) == [("firms.csv", hop, 6 if hop in ("land", "conform") else 5, 1) for hop in hops]
    flows = read(loaded.table("ops", "flow"), ["department", "hop", "deliveries", "rows_missing"]).to_pylist()
    assert {flow["hop"]: flow["rows_missing"] for flow in flows if flow["rows_missing"]} == dict.fromkeys(hops, 1)
    assert {(flow["department"], flow["deliveries"]) for flow in flows} == {("scjg", 1)}


def test_rows_that_a_base_table_lost_are_merged_again_by_the_next_run(loaded: Home) -> None:
    path = loaded.table("base", "supervised_object")
    before = read(path, ["object_id"]).num_rows
    _lose(path)
    [(_, hop, _, missing)] = _counted(loaded)
    assert (hop, missing) == ("base.supervised_object", 1)
    pipeline.base(loaded)
    assert read(path, ["object_id"]).num_rows == before
    assert _counted(loaded) == []


def test_what_waits_to_be_merged_is_not_lost(home: Home) -> None:
    drop(home, "firms.csv", table(*FIRMS))
    for stage in (pipeline.land, pipeline.conform):
        stage(home)
    assert _counted(home) == []
    pipeline.base(home)
    assert read(home.table("base", "supervised_object"), ["object_id"]).num_rows == len(FIRMS)
