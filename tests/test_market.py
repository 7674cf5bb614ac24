"""Field market: samples by producer, inspections that fall due, rescues against their limits, licences that ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spark_jobs import pipeline
from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from spark_jobs.landing.land import make_landing_zone
from tests.field_rows import limit, rows_of, year
from tests.silver_rows import Row, deliver, lake

FIRM, MAKER = "91420100MA4K00010R", "91420100MA4K0007XG"
AS_OF = date(2026, 11, 1)
RESCUED = datetime(2026, 10, 1, tzinfo=UTC)


_limit = partial(limit, "market")
SINCE = date(2010, 1, 1)


def _device(code: str, **more: Any) -> Row:
    told = {"special_device_class": "3000", "user_name": "武汉样本商贸有限公司", "uscc": FIRM, "device_status": "1"}
    return {"special_device_code": code, "region_code": "420103", **told, **more}


def _sample(number: str, item: str, conclusion: str, **more: Any) -> Row:
    told = {
        "product_name": "样本酱油",
        "producer_name": "湖北样本酿造有限公司",
        "producer_uscc": MAKER,
        "food_class": "03",
    }
    days = {"sampling_date": date(2026, 1, 6), "bulletin_date": date(2026, 1, 30)}
    named = {"sampling_no": number, "test_item": item, "sampling_kind": "01", "conclusion": conclusion}
    return {**named, **told, **days, "sampled_uscc": FIRM, "region_code": "420103", **more}


def _rescue(number: str, code: str, arrived: int | None, ended: int | None) -> Row:
    told = {"alarm_no": number, "rescue_code": code, "started_at": RESCUED, "people_trapped": 2}
    after = {"arrived_at": arrived, "ended_at": ended}
    moments = {
        name: None if minutes is None else RESCUED + timedelta(minutes=minutes) for name, minutes in after.items()
    }
    return {**told, **moments, "region_code": "420103"}


def _licence(number: str, since: str, until: str) -> Row:
    term = {"valid_from": date.fromisoformat(since), "valid_to": date.fromisoformat(until)}
    told = {"holder_name": "武汉样本商贸有限公司", "holder_code": FIRM, "food_business_form": "1"}
    return {"licence_no": number, **told, **term, "issued_date": term["valid_from"], "region_code": "420103"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One firm with three lifts, licences for food of 2021 and none since, three samples, four rescues."""
    with lake(tmp_path_factory.mktemp("market")) as home:
        registered = [{"uscc": firm, "industry_code": "5212", "region_code": "420103"} for firm in (FIRM, MAKER)]
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", registered)
        limits = {"SC1-SQ": 30, "SC2-WB": 15, "SC3-DD": 30, "SC5-CZ": 90, "SC6-DJ": 30, "SC8-JC": 365, "SC-BG": 365}
        several = [_limit(code, str(value), SINCE) for code, value in limits.items()]
        trapping = [
            _limit("SC3-KR", "1", SINCE, "SC3-KR 2010-01-01", date(2026, 9, 30)),
            _limit("SC3-KR", "2", date(2026, 10, 1), "SC3-KR 2026-10-01"),
        ]
        deliver(home, "theme_limit", "scjg", "2026-01-01", [*several, *trapping])
        lifts = [
            _device("due", next_inspection_date=date(2026, 11, 20), rescue_code="420103-0001", maintained_date=AS_OF),
            _device("over", next_inspection_date=date(2026, 10, 22), maintained_date=date(2026, 10, 1)),
            _device("stopped", next_inspection_date=date(2020, 1, 1), device_status="2"),
        ]
        lifts[0] |= {"installed_date": date(2026, 3, 1), "use_registered_date": date(2026, 3, 31)}
        lifts[1] |= {"installed_date": date(2026, 3, 1), "use_registered_date": date(2026, 4, 1)}
        deliver(home, "special_device", "scjg", "2026-01-02", lifts)
        failed = [_sample("one", "铅", "2"), _sample("one", "铜", "2"), _sample("two", "铅", "2")]
        failed[2] |= {"handled_date": date(2026, 4, 30)}
        failed[0] |= {"handled_date": date(2026, 5, 1)}
        contract_maker = {"producer_uscc": None, "producer_name": "委托方：甲样本有限公司；受托方：乙样本厂"}
        passed = [_sample("three", "全部检验项目", "1", **contract_maker)]
        deliver(home, "sampling_result", "scjg", "2026-05-02", [*failed, *passed])
        orders = [
            _rescue("long", "420103-0001", 20, 120),
            _rescue("short", "420103-0001", 31, 119),
            _rescue("open", "420103-0001", None, None),
            _rescue("unknown", "420103-9999", 30, 40),
        ]
        deliver(home, "scjg_elevator_rescue", "scjg", "2026-10-02", orders)
        deliver(home, "scjg_food_licence", "scjg", "2026-01-03", [_licence("JY1", "2021-03-05", "2026-03-04")])
        about = {"complaint_kind": "1", "complained_name": "武汉样本商贸有限公司", "region_code": "420103"}
        about |= {"complained_uscc": FIRM}
        days = {"within": date(2026, 3, 4), "after": date(2026, 3, 5)}
        told = [{"complaint_no": number, "received_date": day, **about} for number, day in days.items()]
        deliver(home, "complaint", "scjg", "2026-04-01", told)
        acts = {"supervised_object": "武汉样本商贸有限公司", "administrative_cp_document": "001"}
        acts |= {"administrative_cp_code": FIRM}
        places = {
            "same": ("420103", date(2026, 2, 1)),
            "other": ("420102", date(2026, 2, 2)),
            "late": ("420102", AS_OF),
        }
        inspections = [
            {"check_action_code": code, "region_code": region, "check_date": day, "check_result": "01", **acts}
            for code, (region, day) in places.items()
        ]
        deliver(home, "check_action", "scjg", "2026-11-01", inspections)
        graded = {"uscc": FIRM, "grade_scale": "samr_abcd", "object_name": "武汉样本商贸有限公司"}
        grades = [{**graded, "credit_grade": "A", "rated_date": date(2025, 1, 1)}]
        grades += [{**graded, "credit_grade": "D", "rated_date": date(2026, 1, 1)}]
        deliver(home, "credit_grade", "scjg", "2026-01-04", grades)
        penalty = {"punish_action_code": "P1", "punish_date": date(2026, 2, 10), **acts}
        deliver(home, "punish_action", "scjg", "2026-02-11", [penalty])
        changes = [(date(2026, 2, 1), "02"), (date(2026, 5, 1), "03"), (date(2026, 6, 1), "05")]
        moved = [{"uscc": FIRM, "change_kind": kind, "change_date": day} for day, kind in changes]
        deliver(home, "scjg_registration_event", "scjg", "2026-07-01", moved)
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def test_a_sample_that_failed_in_two_items_is_one_batch_of_its_producer(built: Home) -> None:
    months = {row["producer"]: row for row in rows_of(built, "themes.market_sampling_month")}
    maker = months[MAKER]
    assert (maker["object_id"], maker["month"], maker["batches"], maker["batches_failed"]) == (
        *(MAKER, date(2026, 1, 1)),
        *(2, 2),
    )
    assert (maker["failures_due"], maker["failures_handled"]) == (2, 1)  # 90 days; the other on day 91
    assert year(built, "food_failure_rate")[:2] == (2, 3)


def test_who_answers_for_a_product_is_told_apart_from_who_made_it(built: Home) -> None:
    [told] = [row for row in rows_of(built, "base.sampling_result") if row["sampling_no"] == "three"]
    assert (told["producer_name"], told["entrusted_name"]) == ("甲样本有限公司", "乙样本厂")


def test_equipment_out_of_use_falls_due_no_more(built: Home) -> None:
    due = {row["special_device_code"]: row for row in rows_of(built, "themes.market_device_due")}
    assert {code: (row["overdue_days"], row["is_expiring"]) for code, row in due.items()} == {
        "due": (0, True),
        "over": (10, False),
    }
    assert year(built, "device_inspection_rate") == (1, 2, True)


def test_lifts_are_maintained_and_registered_within_their_limits(built: Home) -> None:
    assert year(built, "lift_maintenance_rate") == (1, 2, True)
    assert year(built, "device_registration_rate") == (1, 2, True)  # 30 days, and 31


def test_rescues_are_compared_with_the_limit_of_their_day(built: Home) -> None:
    rescues = {row["alarm_no"]: row for row in rows_of(built, "themes.market_rescue")}
    assert {number: row["is_long"] for number, row in rescues.items()} == {
        "long": True,
        "short": False,
        "open": None,
        "unknown": False,
    }
    assert rescues["long"]["object_id"] == FIRM
    assert [number for number, row in rescues.items() if not row["is_known_lift"]] == ["unknown"]
    assert year(built, "long_rescue_rate") == (1, 3, True)
    assert year(built, "rescue_arrival_rate")[:2] == (2, 3)


def test_a_rescue_is_an_alarm_too(built: Home) -> None:
    assert {row["alarm_kind"] for row in rows_of(built, "base.device_alarm")} == {"05"}


def test_complaints_count_as_lapsed_from_the_day_after_the_licence(built: Home) -> None:
    [complaint] = rows_of(built, "themes.market_lapsed_complaint")
    assert (complaint["complaint_no"], complaint["lapsed_date"]) == ("after", date(2026, 3, 4))


def test_inspections_of_licence_holders_are_compared_with_the_county_of_the_licence(built: Home) -> None:
    checked = {row["check_action_code"]: row["is_same_place"] for row in rows_of(built, "themes.market_licence_check")}
    assert checked == {"same": True, "other": False}


def test_the_newest_class_says_who_is_inspected_every_year(built: Home) -> None:
    assert year(built, "key_firm_check_rate") == (1, 1, False)


def test_only_changes_that_may_hide_somebody_count_after_a_penalty(built: Home) -> None:
    [change] = rows_of(built, "themes.market_evasive_change")
    assert (change["change_date"], change["change_kind"], change["punish_date"]) == (
        *(date(2026, 5, 1), "03"),
        date(2026, 2, 10),
    )


def test_the_general_model_counts_the_signs_of_the_market(built: Home) -> None:
    scores = {
        row["object_id"]: {reason["indicator"] for reason in row["reasons"]}
        for row in rows_of(built, "gold.risk_score")
        if row["model"] == "market_firm"
    }
    assert {"devices_overdue", "rescues", "evasive_changes"} <= scores[FIRM]
    assert "failed_batches" in scores[MAKER]


def test_an_owner_who_is_a_person_becomes_no_object(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_landing_zone(home)
    header = (
        "许可证编号,经营者名称,统一社会信用代码（身份证号码）,经营场所,主体业态,发证日期,有效期止,发证机关,行政区划"
    )
    rows = ["JY14201030000017,样本小吃店,420103198001011234,样本路1号,餐饮,2024-03-01,2029-02-28,样本局,420103"]
    rows += [f"JY14201030000025,样本商贸,{FIRM},样本路2号,销售,2024-03-01,2029-02-28,样本局,420103"]
    (home.landing / "scjg" / "food_licence" / "一.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        stage(home)
    found = {row["licence_no"]: row["object_id"] for row in rows_of(home, "base.licence")}
    assert found == {"JY14201030000017": None, "JY14201030000025": FIRM}


def test_what_one_cell_lists_is_as_many_rows_and_lists_that_do_not_match_are_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_landing_zone(home)
    header = "抽样编号,被抽样单位名称,食品名称,不合格项目,检验结果,标准值,抽样日期,公告号,公告日期,行政区划"
    rest = "2026-01-06,1号,2026-01-30,420103"
    rows = [f"A,样本商贸,样本米,铅║镉,0.3 ║ 0.5,,{rest}", f"B,样本商贸,样本米,铅║镉,0.3,≤0.2║≤0.2,{rest}"]
    rows += [f"C,样本商贸,样本米,铅,0.3,≤0.2,{rest}"]
    target = home.landing / "scjg" / "food_sampling_failed" / "一.csv"
    target.write_text("\n".join([header, *rows]), encoding="utf-8")
    for stage in (pipeline.land, pipeline.conform):
        stage(home)
    found = [
        (row["sampling_no"], row["test_item"], row["result_value"], row["standard_value"])
        for row in rows_of(home, "silver.scjg_food_sampling_failed")
    ]
    assert sorted(found) == [("A", "铅", "0.3", None), ("A", "镉", "0.5", None), ("C", "铅", "0.3", "≤0.2")]
    [refused] = rows_of(home, "quarantine.scjg_food_sampling_failed")
    assert "不合格项目" in str(refused["_reasons"]) or "test_item" in str(refused["_reasons"])
