"""Every feed has a sample whose rows carry their verdict in a last column: empty is good, ~ marks a doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.contract import FeedContract, feeds
from spark_jobs import pipeline
from spark_jobs.building.flows import hop_into
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone
from tests.sample_rows import assert_verdicts, drop, verdicts

SAMPLES = Path(__file__).parent.parent / "samples"


def sample_of(contract: FeedContract) -> Path:
    assert contract.sample
    return contract.sample


def department_of(contract: FeedContract) -> str:
    """Its owner; of a standard shape one that may deliver it."""
    return contract.department or ("scjg" if not contract.by or "scjg" in contract.by else contract.by[0])


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("samples"))
    make_landing_zone(home)
    for contract in feeds().values():
        drop(sample_of(contract), home.landing / department_of(contract) / contract.file.stem / "sample.csv")
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        report = stage(home)
        assert report.warnings == []
    return home


@pytest.mark.parametrize("contract", feeds().values(), ids=feeds().keys())
def test_every_row_of_the_sample_gets_the_verdict_it_carries(judged: Home, contract: FeedContract) -> None:
    assert_verdicts(sample_of(contract), verdicts(judged, contract.name))


@pytest.mark.parametrize(
    ("feed", "table"), [(contract.name, table) for contract in feeds().values() for table in contract.into]
)
def test_every_accepted_row_of_the_sample_is_in_every_base_table_that_its_feed_names(
    judged: Home, feed: str, table: str
) -> None:
    hops = read(judged.table("ops", "reconciliation"), where=[("feed", "=", feed), ("hop", "=", hop_into(table))])
    [accepted] = read(judged.table("ops", "delivery"), ["rows_accepted"], [("feed", "=", feed)])[
        "rows_accepted"
    ].to_pylist()
    [hop] = hops.to_pylist()
    assert hop["rows_in"] == accepted == hop["rows_out"] + hop["rows_aside"]
    assert hop["rows_out"] > 0


def test_amounts_are_in_whole_units_whatever_the_cell_says(judged: Home) -> None:
    rows = read(judged.table("silver", "scjg_enterprise"), ["_line", "capital_amount", "capital_currency"]).to_pylist()
    by_line = {row["_line"]: (row["capital_amount"], row["capital_currency"]) for row in rows}
    assert [(int(by_line[line][0]), by_line[line][1]) for line in (2, 3, 4)] == [
        (500_000, "CNY"),
        (20_000_000, "CNY"),
        (300_000, "USD"),
    ]
    assert by_line[5] == (None, None)


def test_a_fine_in_ten_thousands_becomes_yuan(judged: Home) -> None:
    rows = read(judged.table("silver", "punish_action"), ["punish_action_code", "fine_cny"]).to_pylist()
    assert {row["punish_action_code"]: row["fine_cny"] for row in rows}["CF-001"] == 5000


def test_old_spellings_of_a_place_become_codes(judged: Home) -> None:
    rows = read(judged.table("silver", "scjg_enterprise"), ["_line", "region_code"]).to_pylist()
    codes = {row["_line"]: row["region_code"] for row in rows}
    assert [codes[line] for line in (2, 3, 4, 5)] == ["420100", "420502", "421083", "420000"]
