"""Field health: verification by beds, places rechecked and tested, samples against the limits of their day, staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import Row, deliver, lake

HOSPITAL, CLINIC, HOTEL = "91420100MA4K00010R", "91420100MA4K00029N", "91420100MA4K00037H"
AS_OF = date(2026, 11, 1)
LIMITS = {
    "WJ1-CW": "100",
    "WJ1-S": "12",
    "WJ1-D": "36",
    "WJ4-XZ": "30",
    "WJ5-FH": "24",
    "WJ6-JC": "12",
    "WJ7-ZD": "1",
    "WJ7-PX": "6.5",
    "WJ7-PS": "8.5",
    "WJA-A": "90",
    "WJA-B": "70",
    "WJA-C": "60",
}


def _limit(code: str, value: str, since: date = date(2009, 1, 1), basis: str = "GB 5749-2022") -> Row:
    named = {"limit_code": code, "field": "health", "limit_name": code, "limit_operator": "at_most"}
    return {**named, "bound_value": Decimal(value), "legal_basis": basis, "effective_date": since}


def _institution(number: str, uscc: str | None, beds: int | None, verified: date | None, **more: Any) -> Row:
    said = {"licence_no": number, "uscc": uscc, "holder_name": f"样本{number}", "institution_kind": "A", "beds": beds}
    term = {"issued_date": date(2020, 1, 1), "valid_from": date(2020, 1, 1), "valid_to": date(2034, 12, 31)}
    return {**said, **term, "last_verified_date": verified, "region_code": "420100", **more}


def _place(number: str, uscc: str | None, rechecked: date | None, **more: Any) -> Row:
    said = {"licence_no": number, "uscc": uscc, "holder_name": f"样本{number}", "place_kind": "1"}
    term = {"issued_date": date(2024, 1, 1), "valid_from": date(2024, 1, 1), "valid_to": date(2027, 12, 31)}
    return {**said, **term, "rechecked_date": rechecked, "region_code": "420100", **more}


def _sample(number: str, item: str | None, value: str, day: date, point: str = "2", conclusion: str = "1") -> Row:
    unit = {"sampled_unit": "样本", "sampled_uscc": HOTEL, "region_code": "420100"}
    said = {"sampling_no": number, "test_item": item or value, "health_test_item": item, "sampling_kind": "06"}
    return {
        **said,
        **unit,
        "sampling_point": point,
        "sampling_date": day,
        "result_value": value,
        "conclusion": conclusion,
    }


def _nurse(number: str, uscc: str, until: date) -> Row:
    said = {"practice_certificate_no": number, "id_card": number, "person_name": "样本甲", "uscc": uscc}
    return {**said, "issued_date": date(2020, 1, 1), "valid_to": until, "region_code": "420100"}


def _samples() -> list[Row]:
    """Tap water by its chlorine, turbidity and pH; well water that has a limit of its own for none of it."""
    old, new = date(2023, 3, 1), date(2026, 9, 1)
    return [
        *(_sample("good", "CL", "0.08", new), _sample("good", "ZD", "<0.5", new), _sample("good", "PH", "7.2", new)),
        _sample("too low", "CL", "<0.05", new),
        _sample("nothing", "CL", "未检出", new),
        _sample("before", "CL", "0.04", old),  # the limit was 0.03 then
        _sample("sour", "PH", "6.1", new),
        _sample("germs", None, "检出", new, conclusion="2"),
        _sample("pool", "CL", "0.01", new, point="7"),
        _sample("plant", "ZD", "1.4", new, point="1"),
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A hospital, two clinics and four public places, with their staff, samples, grades and reports."""
    with lake(tmp_path_factory.mktemp("health")) as home:
        firms = [{"uscc": firm, "industry_code": "8411", "region_code": "420100"} for firm in (HOSPITAL, CLINIC, HOTEL)]
        deliver(home, "scjg_enterprise", "scjg", "2025-01-01", firms)
        chlorine = [
            _limit("WJ7-CL", "0.03", date(2007, 7, 1), "GB 5749-2006"),
            _limit("WJ7-CL", "0.05", date(2023, 4, 1)),
        ]
        limits = [*(_limit(code, value) for code, value in LIMITS.items()), *chlorine]
        deliver(home, "theme_limit", "wjw", "2025-01-01", limits)
        institutions = [
            _institution("hospital", HOSPITAL, 600, date(2024, 1, 10)),
            _institution("clinic", CLINIC, 20, date(2024, 1, 10)),
            _institution("village", None, None, date(2026, 3, 1)),
            _institution("ended", CLINIC, 20, date(2026, 3, 1), valid_to=date(2025, 12, 31)),
        ]
        deliver(home, "wjw_medical_institution", "wjw", "2026-03-02", institutions)
        places = [
            _place("hotel", HOTEL, date(2026, 1, 10)),
            _place("never", CLINIC, None),
            _place("nameless", None, date(2026, 1, 10)),
            _place("given up", HOTEL, date(2026, 1, 10), licence_status="03"),
        ]
        deliver(home, "wjw_hygiene_licence", "wjw", "2026-01-20", places)
        rated = {"uscc": HOTEL, "object_name": "样本", "licence_no": "hotel"}
        grades = [
            {**rated, "credit_grade": "A", "hygiene_score": Decimal(95), "rated_date": date(2024, 6, 1)},
            {**rated, "credit_grade": "C", "hygiene_score": Decimal(55), "rated_date": date(2026, 6, 1)},
        ]
        deliver(home, "wjw_hygiene_grade", "wjw", "2026-07-01", grades)
        deliver(home, "wjw_sampling", "wjw", "2026-10-01", _samples())
        nurses = [
            _nurse("420106199001011231", HOSPITAL, date(2028, 1, 1)),
            _nurse("420502200002290043", HOSPITAL, date(2026, 11, 20)),
            _nurse("422801198512319990", CLINIC, date(2026, 10, 31)),
        ]
        deliver(home, "wjw_nurse", "wjw", "2026-01-02", nurses)
        doctor = {
            "practice_certificate_no": "110420100000001",
            "id_card": "420106199001011231",
            "person_name": "样本乙",
        }
        doctor |= {
            "practice_category": "YS01",
            "uscc": HOSPITAL,
            "issued_date": date(2016, 1, 1),
            "region_code": "420100",
        }
        deliver(home, "wjw_practitioner", "wjw", "2026-01-02", [doctor])
        cards = {"uscc": HOSPITAL, "report_date": date(2026, 9, 1), "region_code": "420100"}
        reports = [
            {**cards, "disease_class": "1", "infection_cases": 2, "infection_cases_in_time": 1},
            {**cards, "disease_class": "2", "infection_cases": 18, "infection_cases_in_time": 17},
        ]
        deliver(home, "wjw_infection_report_day", "wjw", "2026-09-02", reports)
        work = {"uscc": HOSPITAL, "holder_name": "样本", "declared_date": date(2026, 1, 5), "region_code": "420100"}
        deliver(
            home, "wjw_occupational", "wjw", "2026-01-10", [{**work, "workers_exposed": 40, "workers_examined": 30}]
        )
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def _rows(home: Home, table: str, key: str) -> dict[str, Row]:
    return {row[key]: row for row in read(home.table("themes", f"health_{table}")).to_pylist()}


def _figure(home: Home, indicator: str) -> tuple[Any, Any, Any]:
    [row] = [
        row
        for row in read(home.table("gold", "indicator")).to_pylist()
        if (row["indicator"], row["period_kind"], row["period"], row["is_total"])
        == (indicator, "year", date(2026, 1, 1), True)
    ]
    return row["numerator"], row["denominator"], row["is_breached"]


def test_institutions_are_verified_each_year_and_large_ones_every_three(built: Home) -> None:
    due = _rows(built, "verification_due", "licence_no")
    assert {number: (row["due_months"], row["due_date"], row["is_verified"]) for number, row in due.items()} == {
        "hospital": (36, date(2027, 1, 10), True),
        "clinic": (12, date(2025, 1, 10), False),
        "village": (12, date(2027, 3, 1), True),  # no beds stated are few
    }
    assert _figure(built, "verification_rate") == (2, 3, True)


def test_places_are_rechecked_tested_and_graded_as_of_today(built: Home) -> None:
    places = _rows(built, "sampling_place", "licence_no")
    told = {number: (row["is_rechecked"], row["is_sampled"], row["hygiene_level"]) for number, row in places.items()}
    assert told == {
        "hotel": (True, True, "C"),
        "never": (False, False, None),  # more than two years since it was licensed
        "nameless": (True, False, None),
    }
    assert (places["hotel"]["last_rated_date"], places["hotel"]["is_grade_odd"]) == (date(2026, 6, 1), True)
    assert _figure(built, "recheck_rate") == (2, 3, True)
    assert _figure(built, "place_sampled_rate") == (1, 2, True)  # the nameless one cannot be found among samples
    assert _figure(built, "low_grade_rate") == (1, 1, None)


def test_a_rating_is_one_of_its_own_scale_in_base(built: Home) -> None:
    rows = read(built.table("base", "credit_grade")).to_pylist()
    assert {(row["grade_scale"], row["credit_grade"]) for row in rows} == {("hygiene", "A"), ("hygiene", "C")}


def test_a_sample_is_compared_with_the_limits_of_its_day(built: Home) -> None:
    samples = _rows(built, "sample_check", "sampling_no")
    assert {number for number, row in samples.items() if not row["is_conforming"]} == {
        *("too low", "nothing", "sour", "germs", "plant")
    }
    assert (samples["good"]["items"], samples["germs"]["items_failed"], samples["sour"]["items_beyond_limit"]) == (
        3,
        1,
        1,
    )
    assert _figure(built, "tap_water_rate") == (1, 5, None)  # that of 2023 is another year's
    assert _figure(built, "failed_sample_rate") == (5, 7, None)


def test_staff_are_counted_where_they_are_registered_and_none_is_a_row_too(built: Home) -> None:
    rows = read(built.table("themes", "health_staffing")).to_pylist()
    told = {
        (row["object_id"], row["person_licence_kind"]): (row["registered"], row["valid_today"], row["expiring"])
        for row in rows
    }
    assert told == {
        (HOSPITAL, "RY02"): (1, 1, 0),
        (HOSPITAL, "RY03"): (2, 2, 1),
        (CLINIC, "RY02"): (0, 0, 0),
        (CLINIC, "RY03"): (1, 0, 0),
    } | {key: value for key, value in told.items() if key[0] not in (HOSPITAL, CLINIC)}
    assert {key[0] for key in told} == {HOSPITAL, CLINIC}
    assert _figure(built, "nurse_valid_rate") == (2, 3, True)
    assert _figure(built, "nurse_expiring_rate") == (1, 2, None)
    assert _figure(built, "unstaffed_rate") == (1, 2, None)


def test_nobodys_number_or_name_lies_in_base(built: Home) -> None:
    people = read(built.table("base", "person_licence")).to_pylist()
    assert len({row["person_key"] for row in people}) == 3  # one person is nurse and physician
    assert len({row["certificate_key"] for row in people}) == 4
    for row in people:
        assert (row["masked_name"], row["masked_certificate_no"][4:8]) == ("样*", "****") or row[
            "masked_name"
        ] == "样**"
        assert not any(str(cell).startswith(("420106199", "420502200", "422801198")) for cell in row.values())


def test_reports_and_examinations_are_counted_in_their_periods(built: Home) -> None:
    assert _figure(built, "infection_in_time_rate") == (18, 20, True)
    assert _figure(built, "occupational_exam_rate") == (30, 40, True)


def test_the_model_of_the_field_counts_facts_of_the_field(built: Home) -> None:
    scores = read(built.table("gold", "risk_score")).to_pylist()
    told = {
        row["object_id"]: {reason["indicator"] for reason in row["reasons"]}
        for row in scores
        if row["model"] == "health_institution"
    }
    assert told[HOTEL] == {"health_samples_failed", "hygiene_ratings_low"}
    assert told[HOSPITAL] == {"infection_cards_late"}
