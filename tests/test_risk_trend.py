"""Strictness tells who finds more than expected and moves no score; emerging risk and changes of grade tell why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import Row, deliver, lake

TODAY = date(2026, 6, 30)
STRICT, *OTHERS = (f"1701000000{number}" for number in range(1, 6))
FIRMS = [f"91420100MA4K{number:04d}0R" for number in range(60)]
# The industry whose problems soar in June, in the prefecture where they do.
WORSE_CITY = "420100"


def _firm(number: int) -> Row:
    return {
        "uscc": FIRMS[number],
        "object_name": f"样本{number}公司",
        "registration_state": "1",
        "industry_code": "6210" if number % 2 else "5211",
        "region_code": "420103" if number < 30 else "420502",
        "established_date": date(2020, 1, 1),
    }


def _checks(strict: bool) -> list[Row]:
    """Twelve months of checks, a problem in every fifth, in June in most of one industry; who found them differs."""
    rows = []
    for month in range(12):
        for number, firm in enumerate(FIRMS):
            day = TODAY - timedelta(days=30 * month + number % 25)
            soaring = month == 0 and number < 30 and number % 2 == 1
            found = (number + month) % 5 == 0 or soaring
            who = OTHERS[number % 4]
            if strict and found and number % 2:
                who = STRICT
            rows.append(
                {
                    "check_action_code": f"{month}-{number}",
                    "check_date": day,
                    "check_personnel_code": [who, OTHERS[(number + 1) % 4]],
                    "check_result": "02" if found else "01",
                    "check_mode": "1",
                    "administrative_cp_document": "001",
                    "administrative_cp_code": firm,
                    "region_code": "420103" if number < 30 else "420502",
                    "implement_institution": "样本局",
                }
            )
    return rows


def _punishment(number: int) -> Row:
    """What one firm was fined in June, so that its grade is another than a month ago."""
    return {
        "punish_action_code": f"P{number}",
        "punish_date": TODAY - timedelta(days=5 + number),
        "administrative_cp_document": "001",
        "administrative_cp_code": FIRMS[2],
        "punish_kind": "02",
        "fine_cny": Decimal(100_000),
        "region_code": "420103",
    }


@dataclass(frozen=True)
class Told:
    """What gold says, before and after the strict officer came."""

    home: Home
    scores: list[Row]
    strictness: dict[str, Row]


def _told(home: Home) -> tuple[list[Row], dict[str, Row]]:
    rows = read(home.table("gold", "risk_score"), ["model", "object_id", "score", "grade", "reasons_text"])
    officers = read(home.table("gold", "strictness"), where=[("who_kind", "=", "officer")]).to_pylist()
    return sorted(rows.to_pylist(), key=str), {row["who"]: row for row in officers}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Told, Told]]:
    told = []
    with lake(tmp_path_factory.mktemp("trend")) as home:
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", [_firm(number) for number in range(len(FIRMS))])
        deliver(home, "punish_action", "scjg", "2026-07-01", [_punishment(number) for number in range(5)])
        for received, strict in (("2026-07-01", False), ("2026-07-02", True)):
            deliver(home, "check_action", "scjg", received, _checks(strict))
            assert build_base(home).parked == []
            build_themes(home, as_of=TODAY)
            build_gold(home, TODAY)
            told.append(Told(home, *_told(home)))
        yield told[0], told[1]


def test_a_strict_officer_is_told_and_moves_no_score(both: tuple[Told, Told]) -> None:
    before, after = both
    assert STRICT not in before.strictness
    assert {row["strictness"] for row in before.strictness.values()} == {"usual"}
    told = after.strictness[STRICT]
    assert (told["strictness"], told["checks"] == told["found"]) == ("strict", True)
    assert float(told["ratio_low"]) > 1
    assert len(before.scores) > 0
    assert before.scores == after.scores


def test_what_is_expected_in_all_is_what_was_found(both: tuple[Told, Told]) -> None:
    rows = read(both[1].home.table("gold", "strictness")).to_pylist()
    department = next(row for row in rows if row["who_kind"] == "department")
    assert float(department["expected"]) == pytest.approx(department["found"], rel=0.1)
    assert department["checks"] == len(_checks(False))


def _emerging(home: Home) -> list[Row]:
    return [row for row in read(home.table("gold", "risk_emerging")).to_pylist() if row["is_emerging"]]


def test_problems_that_soar_emerge_where_they_do(both: tuple[Told, Told]) -> None:
    found = {(row["risk_sign"], row["city_code"], row["month"]) for row in _emerging(both[1].home)}
    assert found == {("problems", WORSE_CITY, date(2026, 6, 1))}
    row = _emerging(both[1].home)[0]
    assert row["industry_section"] == "H"
    assert float(row["expected"]) < row["found"]


def test_a_grade_that_changed_says_which_points_did(both: tuple[Told, Told]) -> None:
    home = both[1].home
    scores: dict[tuple[str, str], dict[str, Any]] = {}
    for name in ("risk_score_before", "risk_score"):
        for row in read(home.table("gold", name)).to_pylist():
            scores.setdefault((row["model"], row["object_id"]), {})[name] = row
    differ = {key for key, two in scores.items() if two["risk_score_before"]["grade"] != two["risk_score"]["grade"]}
    rows = {(row["model"], row["object_id"]): row for row in read(home.table("gold", "risk_change")).to_pylist()}
    assert differ
    assert rows.keys() == differ
    for key, row in rows.items():
        before, now = scores[key]["risk_score_before"], scores[key]["risk_score"]
        assert (row["score_before"], row["score"]) == (before["score"], now["score"])
        assert row["is_worse"] == (now["score"] > before["score"])
        changes = [part.rsplit("-" if "-" in part else "+", 1) for part in row["changes_text"].split("；")]
        assert all(label for label, _ in changes)
        points = sum(
            float(points) * (-1 if "-" in part else 1)
            for part, (_, points) in zip(row["changes_text"].split("；"), changes, strict=True)
        )
        assert points == pytest.approx(float(now["score"] - before["score"]))
    assert rows[next(iter(differ))]["as_of_before"] == date(2026, 5, 30)


def test_what_a_month_of_checks_found_is_told_by_band_of_the_score_before(both: tuple[Told, Told]) -> None:
    home = both[1].home
    before = [row for row in read(home.table("gold", "risk_score_before")).to_pylist() if row["is_general"]]
    bands = {row["object_id"]: min(int(row["score"]) // 10, 9) * 10 for row in before}
    since = before[0]["as_of"]
    month = [row for row in _checks(True) if since < row["check_date"] <= TODAY]
    expected: dict[int, list[int]] = {band: [0, 0] for band in bands.values()}
    for row in month:
        expected[bands[row["administrative_cp_code"]]][0] += 1
        expected[bands[row["administrative_cp_code"]]][1] += row["check_result"] == "02"
    hits = read(home.table("gold", "risk_hit"), where=[("model", "=", before[0]["model"])]).to_pylist()
    assert sum(row["checks"] for row in hits) == len(month) > 0
    assert {row["score_from"]: [row["checks"], row["found"]] for row in hits} == expected
    assert all(row["random_checks"] == row["checks"] and row["random_found"] == row["found"] for row in hits)
    assert sum(row["objects_scored"] for row in hits) == len(bands)
