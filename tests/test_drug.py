"""Field drug: results that are final, reports in time, batches that stand out, who is due, licences that end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from tests.field_rows import limit, rows_of, year
from tests.silver_rows import Row, deliver, lake

SHOP, MAKER = "91420100MA4K00010R", "91420100MA4K0007XG"
MAKER_NAME = "湖北样本药业有限公司"
AS_OF = date(2026, 11, 1)
LIMITS = {"YP1-HZ": 180, "YP2-FJ": 7, "YP3-SW": 1, "YP3-YZ": 15, "YP3-YB": 30, "YP4-MJ": 92, "YP4-GF": 365}
LIMITS |= {"YP5-LL": 365, "YP5-QT": 1095, "YP-XS": 3, "YP-XB": 3}


def _sample(batch: str, published: str, conclusion: str, item: str = "含量测定", **more: Any) -> Row:
    told = {"product_name": "样本片", "producer_name": MAKER_NAME, "batch_no": batch, "test_item": item}
    days = {"sampling_date": date(2026, 1, 8), "bulletin_date": date.fromisoformat(published)}
    return {**told, **days, "sampled_unit": "样本药房", "sampled_uscc": SHOP, "conclusion": conclusion, **more}


def _report(number: str, days: int, kind: str, batch: str = "A1", **more: Any) -> Row:
    since = date(2026, 10, 1)
    told = {"report_no": number, "drug_no": 1, "adr_report_kind": kind, "drug_role": "1", "product_name": "样本片"}
    named = {"drug_approval_no": "国药准字H20203001", "producer_name": MAKER_NAME, "batch_no": batch}
    return {**told, **named, "occurred_date": since, "reported_date": since + timedelta(days=days), **more}


def _trade(number: str, mode: str, uscc: str, until: str = "2029-01-01", **more: Any) -> Row:
    told = {"licence_kind": "YP01", "licence_no": number, "holder_name": number, "uscc": uscc, "trade_mode": mode}
    days = {"issued_date": date(2026, 1, 1), "valid_to": date.fromisoformat(until)}
    return {**told, **days, "licence_scope": "中成药", "region_code": "420103", **more}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A maker and a shop; three batches, eight reports, two inspections, licences, a recall in two units."""
    with lake(tmp_path_factory.mktemp("drug")) as home:
        registered = [
            {"uscc": MAKER, "object_name": MAKER_NAME, "industry_code": "2720", "region_code": "420115"},
            {"uscc": SHOP, "object_name": "样本药房", "industry_code": "5251", "region_code": "420103"},
        ]
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", registered)
        deliver(
            home,
            "theme_limit",
            "yjj",
            "2026-01-01",
            [limit("drug", code, str(value), date(2010, 1, 1), code) for code, value in LIMITS.items()],
        )
        batches = [_sample("2025 0901", "2026-03-30", "2"), _sample("20250901", "2026-06-30", "1")]
        batches += [_sample("20250902", "2026-06-30", "2"), _sample("20250903", "2026-10-25", "2")]
        deliver(home, "yjj_drug_sampling", "yjj", "2026-10-30", batches)
        reports = [_report("late", 16, "3"), _report("new", 15, "2"), _report("general", 31, "1")]
        reports += [_report("death", 2, "1", adr_outcome="5"), _report("other", 1, "1", batch="b 2")]
        reports += [_report("beside", 1, "3", drug_role="2", batch="C3")]
        deliver(home, "yjj_adverse_reaction", "yjj", "2026-11-01", reports)
        making = {"licence_no": "鄂20210001", "holder_name": MAKER_NAME, "uscc": MAKER, "region_code": "420115"}
        making |= {"licence_scope": "小容量注射剂", "issued_date": date(2022, 5, 1), "valid_to": date(2027, 4, 30)}
        deliver(home, "yjj_drug_production_licence", "yjj", "2026-01-02", [{**making, "drug_class_code": "AhBh"}])
        trading = [_trade("shop", "3", SHOP), _trade("old", "3", MAKER, until="2026-10-31")]
        trading += [_trade("wholesale", "1", MAKER), _trade("ending", "2", SHOP, until="2026-12-01")]
        deliver(home, "yjj_drug_trade_licence", "yjj", "2026-01-03", trading)
        found = {"uscc": MAKER, "supervised_object": MAKER_NAME, "check_program": "1", "region_code": "420115"}
        checks = [
            {"gxp_check_no": "G1", "check_date": date(2025, 10, 31), "gxp_conclusion": "1", "defects_minor": 3},
            {"gxp_check_no": "G2", "check_date": date(2025, 11, 1), "gxp_conclusion": "3", "defects_severe": 1},
        ]
        deliver(home, "yjj_gxp_check", "yjj", "2025-12-01", [{**found, **check} for check in checks])
        recall = {"recall_no": "Z1", "holder_name": MAKER_NAME, "uscc": MAKER, "recall_started_date": date(2026, 2, 1)}
        amounts = {"B1": (1000, 500, "1"), "B2": (2, 3, "6"), "B3": (10, None, "2")}
        recalled = [
            {"batch_no": batch, "quantity_concerned": Decimal(all_), "quantity_recalled": some and Decimal(some)}
            | {"product_unit": unit, **recall}
            for batch, (all_, some, unit) in amounts.items()
        ]
        deliver(home, "yjj_recall", "yjj", "2026-03-01", recalled)
        reported = {"uscc": MAKER, "holder_name": MAKER_NAME, "report_date": date(2026, 3, 1)}
        deliver(home, "yjj_annual_report", "yjj", "2026-03-02", [{**reported, "covered_year": 2024}])
        registrations = [("1", date(2026, 10, 31)), ("2", date(2026, 11, 1))]
        people = [{"pharmacist_no": number, "uscc": SHOP, "valid_to": until} for number, until in registrations]
        deliver(home, "yjj_pharmacist", "yjj", "2026-03-03", people)
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def test_a_re_test_decides_and_a_fresh_result_is_not_final(built: Home) -> None:
    batches = {row["batch"]: row for row in rows_of(built, "themes.drug_sampling_batch")}
    assert {batch: (row["is_failed"], row["is_final"], row["results"]) for batch, row in batches.items()} == {
        "20250901": (False, True, 1),  # the same sample in two bulletins: one result, the newest
        "20250902": (True, True, 1),
        "20250903": (True, False, 1),
    }
    assert year(built, "drug_failure_rate")[:2] == (1, 2)


def test_failed_batches_count_for_who_made_them_wherever_they_were_sampled(built: Home) -> None:
    failed = {row["object_id"]: row["batches_failed"] for row in rows_of(built, "themes.drug_producer_month")}
    assert failed == {MAKER: 1}


def test_reports_are_in_time_by_what_they_tell(built: Home) -> None:
    reports = {
        row["report_no"]: (row["legal_days"], row["is_in_time"]) for row in rows_of(built, "themes.drug_reaction_check")
    }
    assert reports == {
        "late": (15, False),
        "new": (15, True),
        "general": (30, False),
        "death": (1, False),
        "other": (30, True),
        "beside": (15, True),
    }
    assert year(built, "serious_adr_in_time_rate") == (2, 4, True)


def test_a_batch_stands_out_beside_others_of_its_product_and_month(built: Home) -> None:
    october = date(2026, 10, 1)
    batches = {
        row["batch"]: (row["reports"], row["is_signal"], row["object_id"])
        for row in rows_of(built, "themes.drug_adr_month")
        if row["month"] == october
    }
    assert batches == {"A1": (3, True, MAKER), "B2": (1, False, MAKER)}  # what was only taken beside is not suspected


def test_who_carries_more_risk_is_due_more_often(built: Home) -> None:
    due = {
        (row["object_id"], row["drug_check_group"]): (row["interval_days"], row["is_checked"])
        for row in rows_of(built, "themes.drug_check_due")
    }
    assert due == {(MAKER, "2"): (365, True), (MAKER, "4"): (1095, True), (SHOP, "4"): (1095, False)}
    assert year(built, "high_risk_check_rate") == (1, 1, False)
    assert year(built, "wholesaler_check_rate")[:2] == (1, 2)


def test_an_inspection_by_good_practice_is_an_inspection(built: Home) -> None:
    checks = {row["check_action_code"]: row["check_result"] for row in rows_of(built, "base.check_action")}
    assert checks == {"G1": "01", "G2": "02"}


def test_a_licence_that_ends_soon_is_renewed_by_one_that_ends_later(built: Home) -> None:
    due = {row["licence_no"]: row["is_renewed"] for row in rows_of(built, "themes.drug_licence_due")}
    assert due == {"ending": True, "鄂20210001": False}
    assert year(built, "drug_licence_unrenewed_rate")[:2] == (1, 2)


def test_last_years_report_is_asked_for_and_pharmacists_count_to_their_last_day(built: Home) -> None:
    assert year(built, "annual_report_rate") == (0, 1, True)
    [shop] = rows_of(built, "themes.drug_shop_state")
    assert (shop["object_id"], shop["pharmacists"]) == (SHOP, 1)
    assert year(built, "pharmacist_rate")[:2] == (1, 1)


def test_recalls_in_different_units_are_not_added_up(built: Home) -> None:
    assert year(built, "recall_completion_rate")[:2] == (Decimal("1.5"), 2)


def test_the_model_of_the_field_counts_its_own_signs(built: Home) -> None:
    reasons = {
        row["object_id"]: {reason["indicator"] for reason in row["reasons"]}
        for row in rows_of(built, "gold.risk_score")
        if row["model"] == "drug_firm"
    }
    assert {"grave_defects", "made_batches_failed", "adr_signals", "entrusting_licences"} <= reasons[MAKER]
    assert "sold_batches_failed" in reasons[SHOP]
