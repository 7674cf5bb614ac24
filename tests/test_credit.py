"""Credit information: both forms of 双公示 in one table, listings with removal, grades with scale, punctuality."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_jobs import pipeline
from spark_jobs.building.dbt import run_dbt
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone
from tests.sample_rows import drop
from tests.silver_rows import Row, deliver, lake, reject

SAMPLES = Path(__file__).parent.parent / "samples"
FIRM, AUTHORITY = "91420100MA4K00010R", "11420502MB1A00036K"
DELIVERED = {
    "credit_punish": "scjg",
    "wuhan/credit_punish_2016": "",
    "abnormal_listing": "scjg",
    "credit_grade": "scjg",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """What becomes of the samples in base."""
    home = Home(tmp_path_factory.mktemp("credit"))
    make_landing_zone(home)
    for feed, department in DELIVERED.items():
        drop(SAMPLES / f"{feed}.csv", home.landing / department / feed / "sample.csv")
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        assert stage(home).warnings == []
    return home


def _base(home: Home, table: str, *columns: str) -> list[tuple[Any, ...]]:
    rows = read(home.table("base", table), list(columns)).to_pylist()
    return sorted((tuple(row[name] for name in columns) for row in rows), key=str)


def test_both_forms_of_publicity_are_rows_of_one_table_in_yuan(home: Home) -> None:
    columns = ("decision_no", "party_class", "party_shown", "fine_cny", "fine_unit", "punish_kinds", "city_code")
    assert _base(home, "credit_punish", *columns) == [
        ("武工商处〔2016〕11号", "1", "武汉样本商贸有限公司", None, None, ["02", "03"], "420100"),
        ("武工商处〔2016〕12号", "2", "样**", None, None, ["02"], "420100"),
        ("武工商处〔2016〕13号", "1", "武汉样本商贸有限公司", None, None, ["02", "03"], "420100"),
        ("武市监罚〔2026〕1号", "1", "武汉样本商贸有限公司", Decimal("5000.00"), "10000", ["02"], "420100"),
        # Two persons fined by one decision; the cell of the first says 200元 below a heading in 万元.
        ("武市监罚〔2026〕3号", "2", "样**", Decimal("200.00"), "1", ["02"], "420100"),
        ("武市监罚〔2026〕3号", "2", "样**", Decimal("5000.00"), "10000", ["02"], "420100"),
        ("西市监罚〔2026〕2号", "3", "西陵区样本小吃店", Decimal("500.00"), "10000", ["01", "02"], "420500"),
    ]


def test_a_listing_keeps_its_removal(home: Home) -> None:
    columns = ("listing_no", "abnormal_reason", "removed_date", "is_listed")
    assert _base(home, "abnormal_listing", *columns)[:2] == [
        ("YC0001", "1", None, True),
        ("YC0002", "1", date(2025, 12, 1), False),
    ]


def test_one_firm_has_a_grade_in_each_scale_and_none_is_turned_into_another(home: Home) -> None:
    assert _base(home, "credit_grade", "object_id", "grade_scale", "credit_grade") == [
        (FIRM, "environment", "yellow"),
        (FIRM, "micro_loan", "AA"),
        (FIRM, "national_abcde", "E"),
        (FIRM, "samr_abcd", "A"),
    ]


def _decision(number: str, decided: date, **more: Any) -> Row:
    return {
        "decision_no": number,
        "party_name": "武汉样本商贸有限公司",
        "uscc": FIRM,
        "party_class": "1",
        "decision_date": decided,
        "authority_code": AUTHORITY,
        **more,
    }


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Decisions around National Day 2024, received on Saturday 12 October, which is worked."""
    with lake(tmp_path_factory.mktemp("publicity")) as home:
        spark = connect(home)
        rows = [_decision("in time", date(2024, 9, 27)), _decision("late", date(2024, 9, 26))]
        first = deliver(home, "credit_punish", "fgw", "2024-10-12", rows)
        reject(home, "credit_punish", first, [{"decision_no": "no class", "authority_code": AUTHORITY}])
        deliver(home, "credit_punish", "fgw", "2024-10-21", [_decision("in time", date(2024, 9, 27))])
        held = [_decision("never taken", date(2024, 9, 1))]
        deliver(home, "credit_permit", "fgw", "2024-10-22", held, state="held")
        gone = [_decision("in time", date(2024, 9, 27), cd_operation="D")]
        deliver(home, "credit_punish", "fgw", "2024-10-23", gone)
        run_dbt(home, ["credit_report"], {"as_of": "2024-10-31"})
        yield spark


def test_a_decision_is_in_time_on_the_seventh_working_day_and_a_correction_is_no_second_report(
    reported: SparkSession,
) -> None:
    rows = reported.table("gold.credit_report").collect()
    found = sorted(
        (row["reported_no"], row["report_working_days"], row["report_state"], row["city_code"])
        for row in rows
        if row["reported_no"] != "no class"
    )
    # 9-29, 9-30, 10-8 to 10-12: seven working days after Friday 27 September.
    assert found == [
        ("in time", 7, "on_time", "420500"),
        ("in time", 13, "repeated", "420500"),
        ("in time", 15, "withdrawn", "420500"),
        ("late", 8, "late", "420500"),
    ]


def test_what_was_not_loaded_is_told_with_the_number_it_came_under(reported: SparkSession) -> None:
    rows = reported.table("gold.credit_report").where("report_state = 'refused'").collect()
    assert [(row["reported_no"], row["city_code"]) for row in rows] == [("no class", "420500")]
