"""dbt on the engine: what the models promise, and that days in any order come to what one full build says."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from schemas.contract import contracts, feeds, tables
from schemas.contract.views import clocks
from spark_jobs.building.dbt import StepFailed, run_dbt, run_unit_tests
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from tests.silver_rows import Row, deliver, lake

Lake = tuple[Home, SparkSession]
FIRMS = ["91420100MA4K00010R", "92420502MA4L0TE52G", "93421083MA4M00A75M", "52420000MJH000019H"]


def _act(code: str, firm: str, **more: Any) -> Row:
    return {
        "check_action_code": code,
        "punish_action_code": code,
        "item_code": "31001001142001",
        "administrative_cp_document": "001",
        "administrative_cp_code": firm,
        "supervised_object": f"门店 {code}",
        "region_code": "421023",
        "check_date": date(2026, 1, 8),
        "punish_date": date(2026, 1, 20),
        **more,
    }


def _known(feed: str, rows: list[Row]) -> list[Row]:
    names = {column.name for column in feeds()[feed].columns} | {"_flags"}
    return [{name: value for name, value in row.items() if name in names} for row in rows]


def _registered(firm: str, **more: Any) -> Row:
    return {"uscc": firm, "object_name": f"登记 {firm}", "registration_state": "1", **more}


def _complaint(number: str, **more: Any) -> Row:
    received = {"complaint_kind": "1", "region_code": "420500", "received_date": date(2026, 1, 5)}
    return {"complaint_no": number, "complained_uscc": FIRMS[1], **received, **more}


def _deliveries() -> list[tuple[str, str, str, list[Row]]]:
    checked = {"check_result": "02", "check_personnel": ["甲", "乙"]}
    days = [
        ("scjg_enterprise", "scjg", "2026-01-01", [_registered(firm, industry_code="1310") for firm in FIRMS[:3]]),
        ("scjg_enterprise", "scjg", "2026-03-01", [_registered(FIRMS[0], object_name="更名", _flags=["uscc: x: y"])]),
        ("check_action", "yjj", "2026-02-01", [_act("a", FIRMS[0], **checked), _act("b", FIRMS[3], **checked)]),
        ("check_action", "yjj", "2026-04-01", [_act("a", FIRMS[0], check_result="01"), _act("c", FIRMS[3].lower())]),
        ("check_action", "scjg", "2026-02-01", [_act("a", FIRMS[3], address_operating="荆州某路")]),
        ("punish_action", "yjj", "2026-05-01", [_act("p", FIRMS[2], fine_cny=Decimal("500.00"))]),
        ("complaint", "scjg", "2026-02-01", [_complaint("1"), _complaint("2")]),
        ("complaint", "scjg", "2026-06-01", [_complaint("1", decided_date=date(2026, 1, 9))]),
        ("supervision_item", "scjg", "2026-01-01", [{"item_code": "31001001142001", "item_name": "检查"}]),
        ("officer", "scjg", "2026-01-01", [{"certificate_no": "17000000001", "region_code": "420100"}]),
    ]
    return [(feed, department, received, _known(feed, rows)) for feed, department, received, rows in days]


FEEDS = sorted({feed for feed, *_ in _deliveries()})
BASE = sorted({table for feed in FEEDS for table in feeds()[feed].into})


def _snapshot(spark: SparkSession) -> dict[str, list[dict[str, Any]]]:
    tables = {}
    for name in BASE:
        rows = [row.asDict(recursive=True) for row in spark.table(f"base.{name}").collect()]
        tables[name] = sorted(rows, key=lambda row: tuple(row[key] for key in contracts()[f"base.{name}"].key))
    return tables


def _grow(home: Home, **variables: Any) -> None:
    run_dbt(home, BASE, {"feeds": FEEDS})
    days = _deliveries()
    random.Random(20).shuffle(days)
    first = [deliver(home, *day) for day in days[:4]]
    second = [deliver(home, *day) for day in days[4:7]]
    third = [deliver(home, *day) for day in days[7:]]
    deliver(home, "check_action", "yjj", "2026-09-01", _known("check_action", [_act("h", FIRMS[0])]), "held")
    for names in (first, second, [*first[:2], *third]):
        run_dbt(home, BASE, {"feeds": FEEDS, "deliveries": names, "since": "2026-01-01 00:00:00", **variables})


def _operations(home: Home) -> set[str]:
    return {commit["operation"] for name in BASE for commit in DeltaTable(home.table("base", name)).history()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake whose base grew delivery by delivery in an order no department kept, one of them read twice."""
    with lake(tmp_path_factory.mktemp("transform")) as home:
        spark = connect(home)
        _grow(home)
        run_dbt(
            home,
            ["activity_month", *(table.table for table in clocks(tables("gold").values())), "supervision_month"],
            {"as_of": "2026-06-30"},
        )
        yield home, spark


def test_days_in_any_order_come_to_what_one_full_build_says(built: Lake) -> None:
    home, spark = built
    grown = _snapshot(spark)
    run_dbt(home, BASE, {"feeds": FEEDS}, full=True)
    assert _snapshot(spark) == grown


def test_every_column_keeps_the_best_claim(built: Lake) -> None:
    _, spark = built
    firms = {row["object_id"]: row for row in _snapshot(spark)["supervised_object"]}
    assert set(firms) == set(FIRMS)
    assert (firms[FIRMS[0]]["object_name"], firms[FIRMS[0]]["industry_code"]) == ("更名", "1310")
    assert firms[FIRMS[0]]["flags"] == ["uscc: x: y"]
    assert firms[FIRMS[0]]["sources"] == ["scjg", "yjj"]
    assert (firms[FIRMS[3]]["object_name"], firms[FIRMS[3]]["address_operating"]) == ("门店 a", "荆州某路")
    assert (firms[FIRMS[3]]["region_code"], firms[FIRMS[3]]["city_code"]) == ("421088", "421000")
    assert firms[FIRMS[0]]["claims"]["object_name"].startswith("2|")
    assert firms[FIRMS[0]]["claims"]["address_operating"] is None


def test_the_newest_statement_of_an_act_wins_and_held_ones_are_never_read(built: Lake) -> None:
    _, spark = built
    checks = {(row["department"], row["check_action_code"]): row for row in _snapshot(spark)["check_action"]}
    assert set(checks) == {("yjj", "a"), ("yjj", "b"), ("yjj", "c"), ("scjg", "a")}
    assert checks["yjj", "a"]["check_result"] == "01"
    assert checks["yjj", "b"]["is_problem"]


def test_the_models_unit_tests_hold(built: Lake) -> None:
    home, _ = built
    results = run_unit_tests(home)
    assert len(results) >= 11
    assert {result.name: result.message for result in results if result.status != "pass"} == {}


def test_themes_and_gold_keep_every_act(built: Lake) -> None:
    _, spark = built
    months = spark.sql("select sum(checks), sum(punishments), sum(complaints) from gold.supervision_month")
    assert tuple(months.collect()[0]) == (4, 1, 2)
    assert spark.table("gold.complaint_clock").count() == 2


def test_a_step_that_fails_says_which_and_why(built: Lake) -> None:
    home, _ = built
    here = Path.cwd()
    with pytest.raises(StepFailed, match=r"risk_reason: .*risk_score"):
        run_dbt(home, ["risk_reason"], {})
    assert Path.cwd() == here
    assert "LAKEWARDEN_WAREHOUSE" not in os.environ


def test_tables_of_many_files_are_merged_and_come_to_the_same(built: Lake, tmp_path: Path) -> None:
    here, spark = built  # whose session ends with the other's beginning: this test is the last
    grown = _snapshot(spark)
    with lake(tmp_path) as home:
        other = connect(home)
        _grow(home, files=dict.fromkeys(BASE, 1000))
        merged = _snapshot(other)
        operations = _operations(home)
    assert "MERGE" in operations
    assert "MERGE" not in _operations(here)
    assert merged == grown
