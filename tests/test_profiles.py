"""What profiles of objects say beside the acts: figures of a window, what is in force, the newest of several rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_themes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import deliver, lake

FIRM, OTHER = "91420100MA4K00010R", "92420502MA4L0TE52G"
DAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One firm with something of everything that profiles tell, and one of which nothing is known."""
    with lake(tmp_path_factory.mktemp("profiles")) as home:
        place = {"region_code": "420106"}
        firms = [{"uscc": firm, "industry_code": "5212", **place} for firm in (FIRM, OTHER)]
        deliver(home, "scjg_enterprise", "scjg", "2026-06-29", firms)
        party = {"administrative_cp_document": "001", "administrative_cp_code": FIRM, **place}
        fined = [date(2023, 6, 30), date(2023, 7, 1), date(2026, 6, 30), date(2026, 7, 1)]
        penalties = [{"punish_action_code": f"p{day}", "punish_date": day, **party} for day in fined]
        deliver(home, "punish_action", "scjg", "2026-06-29", penalties)
        complaints = [
            {"complaint_no": problem, "complaint_kind": "1", "complained_uscc": FIRM, "received_date": day, **place}
            | {"problem_class": problem}
            for problem, day in (("06", date(2026, 6, 1)), ("08", date(2026, 6, 2)), ("01", date(2025, 6, 30)))
        ]
        deliver(home, "complaint", "scjg", "2026-06-29", complaints)
        permits = [
            {"licence_kind": "SP01", "licence_no": number, "uscc": FIRM, "valid_from": begins, "valid_to": ends}
            for number, begins, ends in (
                ("ended", date(2020, 1, 1), date(2026, 6, 29)),
                ("held", date(2024, 1, 1), date(2026, 6, 30)),
                ("open", date(2024, 1, 1), None),
                ("later", date(2026, 7, 1), None),
            )
        ]
        deliver(home, "licence", "scjg", "2026-06-29", permits)
        grades = [
            {"uscc": FIRM, "grade_scale": scale, "rated_date": day, "credit_grade": grade}
            for scale, day, grade in (
                ("ABCD", date(2025, 1, 1), "D"),
                ("ABCD", date(2026, 1, 1), "A"),
                ("ABCDE", date(2024, 1, 1), "E"),
            )
        ]
        deliver(home, "credit_grade", "scjg", "2026-06-29", grades)
        devices = [
            {"special_device_code": code, "special_device_class": "3000", "uscc": FIRM, "device_status": "1"}
            | {"next_inspection_date": due, **place}
            for code, due in (("d1", date(2026, 6, 20)), ("d2", date(2026, 6, 27)), ("d3", date(2027, 1, 1)))
        ]
        deliver(home, "special_device", "scjg", "2026-06-29", devices)
        build_base(home)
        build_themes(home, as_of=DAY)
        yield home


def _profile(home: Home, table: str, firm: str = FIRM) -> dict[str, Any]:
    [row] = [row for row in read(home.table("themes", table)).to_pylist() if row["object_id"] == firm]
    return row


def test_a_window_ends_with_the_day_and_reaches_back_whole_months(built: Home) -> None:
    profile = _profile(built, "object_profile")
    assert (profile["punishments"], profile["punishments_36m"]) == (4, 2)
    assert (profile["complaints"], profile["complaints_12m"]) == (3, 2)


def test_what_is_in_force_holds_on_the_day(built: Home) -> None:
    profile = _profile(built, "object_profile")
    assert (profile["licences_in_force"], profile["special_devices"]) == (2, 3)


def test_of_several_rows_the_newest_or_the_greatest_is_told(built: Home) -> None:
    profile = _profile(built, "market_profile")
    assert (profile["grade_scale"], profile["credit_grade"]) == ("ABCD", "A")
    assert (profile["devices_in_use"], profile["devices_overdue"], profile["overdue_days"]) == (3, 2, 10)


def test_a_complaint_belongs_to_the_field_of_its_problem_else_of_who_registered_it(built: Home) -> None:
    assert _profile(built, "culture_profile")["complaints"] == 1
    assert _profile(built, "market_profile")["complaints"] == 2


def test_what_nobody_told_of_an_object_is_nought_or_empty(built: Home) -> None:
    profile = _profile(built, "market_profile", OTHER)
    assert (profile["devices_overdue"], profile["licences_in_force"], profile["punishments_36m"]) == (0, 0, 0)
    assert (profile["credit_grade"], profile["overdue_days"]) == (None, None)


def test_a_field_says_nothing_of_what_another_field_has(built: Home) -> None:
    profile = _profile(built, "culture_profile")
    assert (profile["licences_in_force"], profile["credit_grade"], profile["complaints_12m"]) == (0, None, 1)
    assert "devices_overdue" not in profile
