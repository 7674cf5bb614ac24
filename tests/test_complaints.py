"""Complaints of several platforms: one case, its course, its time limits across a holiday, and whose duty it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from schemas.contract import code_list, departments
from spark_jobs.building.dbt import run_dbt
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from tests.silver_rows import Row, deliver, lake

FIRM = "91420100MA4K00010R"
# National Day 2024 (国办发明电〔2023〕7号): 1 to 7 October are off; 29 September (Sunday) and 12 October are worked.
DAY = date(2024, 9, 27)
BASE = ["supervised_object", "complaint", "complaint_event", "complaint_route", "complaint_duty"]
GOLD = ["complaint_case", "complaint_course", "complaint_limit", "complaint_duty_of", "complaint_clock"]


def _case(number: str, **more: Any) -> Row:
    return {"complaint_no": number, "complaint_kind": "1", "region_code": "420502", "received_date": DAY, **more}


def _step(number: str, complaint: str, kind: str, day: date) -> Row:
    return {"event_no": number, "complaint_no": complaint, "event_kind": kind, "event_date": day}


HOTLINE = [
    _case("H1", passed_to="scjg"),
    _case("H2", passed_to="scjg"),
    _case("H3", closed_date=date(2024, 10, 12)),
]
MARKET = [
    _case("S1", complained_uscc=FIRM, origin_platform="szj", origin_no="H1", received_date=date(2024, 9, 29),
          decided_date=date(2024, 9, 30), is_accepted="1", problem_class="08"),
    _case("S2", origin_platform="szj", origin_no="never delivered", problem_class="10"),
    _case("S3", origin_platform="scjg", origin_no="S4", complaint_kind="2"),
    _case("S4", origin_platform="scjg", origin_no="S3", item_code="72001001142001"),
    _case("S5", complaint_kind="10", received_date=date(2024, 10, 1)),
]  # fmt: skip
ENVIRONMENT = [_case("E1", origin_platform="scjg", origin_no="S1", problem_class="03")]
STEPS = [
    _step("1", "S1", "01", date(2024, 9, 29)),
    _step("2", "S1", "07", date(2024, 9, 30)),
    _step("3", "S1", "09", date(2024, 10, 8)),
    _step("4", "S3", "10", date(2024, 9, 30)),
    _step("5", "S3", "11", date(2024, 10, 12)),
    _step("6", "S4", "12", date(2024, 9, 30)),
    _step("7", "S4", "13", date(2024, 10, 14)),
]
RULES = [
    {"rule_no": "1", "duty_department": "scjg", "duty_from": date(2020, 1, 1)},
    {"rule_no": "2", "duty_department": "yjj", "duty_problem": "10", "duty_from": date(2020, 1, 1)},
    {"rule_no": "3", "duty_department": "yjj", "duty_item": "72", "duty_from": date(2020, 1, 1)},
    {"rule_no": "4", "duty_department": "wjw", "duty_item": "72", "duty_from": date(2020, 1, 1), "duty_until": DAY},
    {"rule_no": "5", "duty_department": "jyt", "duty_industry": "52", "duty_region": "420500", "duty_from": DAY},
]
ROUTES = [
    {"route_no": "1", "complaint_no": "S2", "routed_to": "scjg", "routed_date": DAY},
    {"route_no": "2", "complaint_no": "S4", "routed_to": "wjw", "routed_date": DAY, "returned_date": DAY},
    {"route_no": "3", "complaint_no": "S4", "routed_to": "yjj", "routed_date": DAY},
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, SparkSession]]:
    with lake(tmp_path_factory.mktemp("complaints")) as home:
        spark = connect(home)
        deliver(home, "scjg_enterprise", "scjg", "2024-09-01", [{"uscc": FIRM, "industry_code": "5211"}])
        deliver(home, "szj_hotline_order", "szj", "2024-10-01", HOTLINE)
        deliver(home, "complaint", "scjg", "2024-10-02", MARKET)
        deliver(home, "complaint", "sthj", "2024-10-03", ENVIRONMENT)
        deliver(home, "complaint_event", "scjg", "2024-10-13", STEPS)
        deliver(home, "complaint_route", "scjg", "2024-10-13", ROUTES)
        deliver(home, "szj_complaint_duty", "szj", "2024-01-01", RULES)
        run_dbt(home, BASE, {}, full=True)
        run_dbt(home, GOLD, {"as_of": "2024-10-14"})
        yield home, spark


def _rows(built: tuple[Home, SparkSession], table: str, key: str, *columns: str) -> dict[Any, Any]:
    rows = built[1].table(table).collect()
    return {row[key]: row[columns[0]] if len(columns) == 1 else tuple(row[name] for name in columns) for row in rows}


def test_what_platforms_declare_to_be_one_case_is_one_row(built: tuple[Home, SparkSession]) -> None:
    cases = _rows(built, "gold.complaint_case", "case_no", "origin_state", "registrations", "department", "is_lost")
    assert cases == {
        "H1": ("joined", 3, "sthj", False),  # by way of S1
        "H2": ("own", 1, "szj", True),  # passed on, and nobody has it
        "H3": ("own", 1, "szj", False),
        "S2": ("unknown", 1, "scjg", False),
        "S3": ("circular", 1, "scjg", False),
        "S4": ("circular", 1, "scjg", False),
        "S5": ("own", 1, "scjg", False),
    }
    assert _rows(built, "gold.complaint_case", "case_no", "received_date", "object_id")["H1"] == (DAY, None)


def test_a_case_has_its_whole_course_and_no_step_twice(built: tuple[Home, SparkSession]) -> None:
    rows = [row for row in built[1].table("gold.complaint_course").collect() if row["case_no"] == "H1"]
    told = [
        (row["complaint_no"], row["event_kind"], row["case_working_days"])
        for row in sorted(rows, key=lambda r: r["step"])
    ]
    # 28 September is a free Saturday, the 29th a worked Sunday.
    assert told == [
        ("E1", "01", 0), ("H1", "01", 0), ("S1", "01", 1), ("S1", "03", 2), ("S1", "07", 2), ("S1", "09", 3),
    ]  # fmt: skip


def test_time_limits_run_on_the_calendar_of_their_law(built: tuple[Home, SparkSession]) -> None:
    rows = built[1].table("gold.complaint_limit").collect()
    limits = {
        (row["complaint_no"], row["clock"]): (row["limit_date"], row["used_days"], row["limit_state"]) for row in rows
    }
    assert limits == {
        # 12 October, a Saturday, is worked: 9-29, 9-30, 10-8 to 10-12.
        ("H3", "answer_hotline"): (date(2024, 10, 12), 7, "on_time"),
        ("S1", "mediate"): (date(2024, 12, 6), 6, "pending"),
        ("S1", "verify"): (date(2024, 11, 15), 6, "pending"),  # 15 and the 15 that were granted
        ("S3", "tell_reporter"): (date(2024, 10, 12), 5, "on_time"),
        ("S4", "competence"): (date(2024, 10, 15), 6, "on_time"),
        # 信访 counts every day: 15 from 1 October is the 16th, 60 the 30th of November.
        ("S5", "visit_register"): (date(2024, 10, 16), 13, "pending"),
        ("S5", "visit_close"): (date(2024, 11, 30), 13, "pending"),
    }


def test_the_first_decision_has_its_clock_with_the_market_regulator_alone(built: tuple[Home, SparkSession]) -> None:
    assert {*_rows(built, "gold.complaint_clock", "complaint_no", "accept_state")} == {"S1", "S2", "S4"}


def test_the_narrowest_rule_in_force_says_whose_duty_it_is(built: tuple[Home, SparkSession]) -> None:
    columns = ("duty_department", "rule_no", "duty_ground", "routed_to", "is_as_ruled")
    duties = _rows(built, "gold.complaint_duty_of", "complaint_no", *columns)
    assert duties["S1"] == ("jyt", "5", "region", None, None)
    assert duties["S2"] == ("yjj", "2", "problem", "scjg", False)
    assert duties["S4"] == ("yjj", "3", "item", "yjj", True)
    assert duties["E1"] == ("scjg", "1", None, None, None)


def test_platforms_are_called_as_whoever_delivers_for_them() -> None:
    assert {code.code for code in code_list("complaint_platform")} <= set(departments())
