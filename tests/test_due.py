"""What the rules of frequency ask (T03) and what deadlines ask (T05), for every field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.contract import code_list, departments, fields
from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from tests.field_rows import rows_of
from tests.silver_rows import Row, deliver, lake

# A food firm, one whose licence has ended, a new one, and a chemical works that needs no licence to be asked for.
FOOD, ENDED, NEW, WORKS = "91420100MA4K00010R", "91420100MA4K0007XG", "91420100MA4K00029N", "91420100MA4K00037J"
AS_OF = date(2026, 11, 1)


def _check(code: str, firm: str, day: date, result: str = "01", **more: Any) -> Row:
    party = {"administrative_cp_document": "001", "administrative_cp_code": firm, "region_code": "420103"}
    return {"check_action_code": code, "check_date": day, "check_result": result, **party, **more}


def _licence(firm: str, until: date) -> Row:
    said = {"licence_kind": "SC01", "licence_no": f"JY{firm}", "uscc": firm, "holder_name": firm}
    return {**said, "issued_date": date(2022, 1, 1), "valid_from": date(2022, 1, 1), "valid_to": until}


def _danger(code: str, accepted: date | None, deadline: date = date(2026, 6, 30)) -> Row:
    moment = accepted and datetime(accepted.year, accepted.month, accepted.day, 2, tzinfo=UTC)
    said = {"hazard_code": code, "uscc": WORKS, "hazard_name": "样本", "hazard_level": "0", "region_code": "420103"}
    return {**said, "registered_at": datetime(2026, 6, 1, tzinfo=UTC), "deadline": deadline, "accepted_at": moment}


def _wrong(check: str, number: str, deadline: date | None, finding: str = "0") -> Row:
    said = {"check_action_code": check, "check_item_no": number, "check_item_name": "样本"}
    return {**said, "finding": finding, "rectify_deadline": deadline}


MARKET = [
    _check("in time", FOOD, date(2025, 1, 5)),
    _check("found", FOOD, date(2026, 3, 2), "02"),
    _check("clean again", FOOD, date(2026, 3, 20)),
]
SAFETY = [_check("too long ago", WORKS, date(2025, 10, 1))]
FOUND = [
    _wrong("found", "by the next check", date(2026, 3, 31)),
    _wrong("found", "too late", date(2026, 3, 15)),
    _wrong("found", "without deadline", None),
    _wrong("found", "in order", date(2026, 3, 31), "1"),
]
DANGERS = [
    _danger("in time", date(2026, 6, 30)),
    _danger("late", date(2026, 7, 1)),
    _danger("open", None),
    _danger("not yet due", None, date(2026, 12, 1)),
]
VISIT = {
    "visit_no": "V1",
    "check_action_code": "of a visit",
    "uscc": NEW,
    "started_at": datetime(2026, 5, 4, 2, tzinfo=UTC),
    "region_code": "420103",
}
STEP = {"visit_no": "V1", "step_no": 13, "visit_step": "13", "started_at": datetime(2026, 5, 20, 2, tzinfo=UTC)}
ANSWER = {"visit_no": "V1", "check_item_no": "1", "check_item_name": "样本", "finding": "0"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with lake(tmp_path_factory.mktemp("due")) as home:
        known = {FOOD: ("5212", 2015), ENDED: ("5212", 2015), NEW: ("5212", 2026), WORKS: ("2614", 2010)}
        registered = [
            {"uscc": firm, "industry_code": code, "established_date": date(year, 3, 1), "region_code": "420103"}
            | {"registration_state": "1", "object_name": firm}
            for firm, (code, year) in known.items()
        ]
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", registered)
        holders = [_licence(FOOD, date(2027, 1, 1)), _licence(NEW, date(2027, 1, 1)), _licence(ENDED, date(2026, 1, 1))]
        deliver(home, "licence", "scjg", "2026-01-01", holders)
        deliver(home, "check_action", "scjg", "2026-05-01", MARKET)
        deliver(home, "check_action", "yjgl", "2026-05-01", SAFETY)
        deliver(home, "check_finding", "scjg", "2026-05-01", FOUND)
        deliver(home, "hazard", "yjgl", "2026-08-01", DANGERS)
        deliver(home, "mobile_visit", "yjgl", "2026-06-01", [VISIT])
        deliver(home, "visit_step", "yjgl", "2026-06-01", [STEP])
        deliver(home, "visit_item", "yjgl", "2026-06-01", [{**ANSWER, "rectify_deadline": date(2026, 5, 25)}])
        assert build_base(home).parked == []
        build_themes(home)
        build_gold(home, AS_OF)
        yield home


def _of_year(home: Home, indicator: str) -> dict[str, tuple[Decimal, Decimal]]:
    return {
        row["field"]: (row["numerator"], row["denominator"])
        for row in rows_of(home, "gold.indicator")
        if (row["indicator"], row["period_kind"], row["period"]) == (indicator, "year", date(2026, 1, 1))
        and not row["is_total"]
    }


def test_who_is_to_be_inspected_follows_from_licences_and_industries(built: Home) -> None:
    rows = {(row["inspection_rule"], row["object_id"]): row for row in rows_of(built, "gold.inspection_due")}
    assert {key: (row["is_owed"], row["is_inspected"]) for key, row in rows.items()} == {
        ("SC1", FOOD): (True, True),
        ("SC1", NEW): (False, False),  # has not been there for two years
        ("YJ1", WORKS): (True, False),
    }
    assert rows["SC1", FOOD]["check_action_code"] == "clean again"
    assert (rows["YJ1", WORKS]["due_from"], rows["YJ1", WORKS]["last_check_date"]) == (
        date(2025, 11, 2),
        date(2025, 10, 1),
    )
    assert _of_year(built, "inspection_coverage_rate") == {"market": (1, 1), "safety": (0, 1)}


def test_a_problem_is_mended_by_acceptance_re_check_or_a_later_check_without_findings(built: Home) -> None:
    rows = {
        row["problem_no"]: (row["closed_date"], row["is_mended_in_time"])
        for row in rows_of(built, "gold.rectification")
    }
    assert rows == {
        "found by the next check": (date(2026, 3, 20), True),
        "found too late": (date(2026, 3, 20), False),
        "in time": (date(2026, 6, 30), True),
        "late": (date(2026, 7, 1), False),
        "open": (None, False),
        "V1 1": (date(2026, 5, 20), True),
    }
    assert _of_year(built, "rectification_rate") == {"market": (1, 2), "safety": (2, 4)}


def test_every_field_has_a_rule_of_frequency_for_a_department_of_its_own() -> None:
    asked = {code.extra["department"] for code in code_list("inspection_rule")}
    assert asked <= departments().keys()
    assert all(asked & {*field.departments} for field in fields().values())
    kinds = {kind for code in code_list("inspection_rule") for kind in code.extra["licence_kinds"].split("|") if kind}
    assert kinds <= {code.code for code in code_list("licence_kind")}
