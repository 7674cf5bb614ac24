"""Field culture: deposits by scope and branches, crowds, venues, relics and guides, each by the limits of their day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from spark_jobs.linking.link import link
from tests.field_rows import limit, rows_of, year
from tests.silver_rows import Row, deliver, lake

AGENCY, SPOT, VENUE = "91420100MA4K00010R", "91420100MA4K0007XG", "92420502MA4L0TE52G"
AS_OF = date(2026, 6, 1)
LIMITS = {
    "WL1-JB": "200000",
    "WL1-CJ": "1200000",
    "WL1-FS": "50000",
    "WL1-FC": "300000",
    "WL1-JD": "0.5",
    "WL1-JN": "3",
    "WL2-NX": "2",
    "WL5-JL": "200",
    "WL6-CK": "2",
    "WL7-HZ": "3",
    "WL7-YX": "3",
}


_limit = partial(limit, "culture", operator="at_least")


def _agency(number: str, scope: list[str], deposit: int, deposited: date, **more: Any) -> Row:
    named = {"licence_no": number, "uscc": AGENCY, "holder_name": "武汉样本旅行社", "object_name": "武汉样本旅行社"}
    said = {"agency_scope": scope, "deposit_cny": Decimal(deposit), "deposited_date": deposited}
    return {**named, **said, "issued_date": date(2020, 1, 1), "region_code": "420103", **more}


def _spot(code: str, capacity: int) -> Row:
    named = {
        "spot_code": code,
        "site_name": f"样本景区{code}",
        "spot_grade": "4",
        "uscc": SPOT,
        "holder_name": "样本文旅",
    }
    return {
        **named,
        "listed_date": date(2015, 1, 1),
        "capacity_day": capacity,
        "capacity_now": 100,
        "region_code": "420106",
    }


def _visit(code: str, day: int, entrance: str, visitors: int) -> Row:
    return {"spot_code": code, "visitors_date": date(2026, 5, day), "spot_entrance": entrance, "visitors": visitors}


def _guide(number: str, issued: date, valid_to: date, **more: Any) -> Row:
    named = {"practice_certificate_no": number, "person_name": "样本甲", "id_card": f"42010619900101123{number}"}
    return {**named, "issued_date": issued, "valid_to": valid_to, "uscc": AGENCY, "region_code": "420103", **more}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Four agencies, two scenic spots over some days, four venues, three relics and three guides."""
    with lake(tmp_path_factory.mktemp("culture")) as home:
        firms = [{"uscc": firm, "industry_code": "7291", "region_code": "420106"} for firm in (AGENCY, SPOT, VENUE)]
        firms[0]["object_name"] = "武汉样本旅行社有限公司"
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", firms)
        near = [
            _limit("WL4-YJ", "0.9", date(2013, 10, 1), "旧", date(2026, 5, 2)),
            _limit("WL4-YJ", "0.8", date(2026, 5, 3), "新"),
        ]
        deliver(
            home,
            "theme_limit",
            "wlt",
            "2026-01-01",
            [*near, *(_limit(code, value, date(2000, 1, 1)) for code, value in LIMITS.items())],
        )
        recent = date(2025, 1, 1)
        agencies = [
            _agency("L-HUB-10001", ["1"], 200_000, recent, agency_branches=1),
            _agency("L-HUB-10002", ["1", "2"], 100_000, date(2022, 1, 1), insured_until=date(2026, 12, 31)),
            _agency("L-HUB-CJ00003", ["1", "3"], 1_700_000, recent, outbound_branches=1),
            _agency("L-HUB-CJ00004", ["3"], 1_400_000, recent, first_issued_date=date(2025, 6, 1)),
            _agency("L-HUB-10005", ["1"], 0, recent, licence_status="03"),
        ]
        deliver(home, "wlt_travel_agency", "wlt", "2026-02-01", agencies)
        deliver(home, "wlt_scenic_spot", "wlt", "2026-02-01", [_spot("A1", 1000), _spot("A2", 500)])
        visits = [
            _visit("A1", 1, "0", 1100),
            _visit("A1", 2, "0", 850),
            _visit("A1", 3, "0", 850),
            _visit("A1", 3, "2", 500),
            _visit("A1", 3, "4", 400),
            _visit("A2", 3, "2", 300),
            _visit("A2", 3, "3", 250),
            _visit("A2", 4, "0", 0),
        ]
        deliver(home, "wlt_scenic_visitors", "wlt", "2026-05-05", visits)
        open_day = {"issued_date": date(2025, 1, 1), "valid_to": date(2027, 1, 1), "region_code": "420502"}
        who = {"uscc": VENUE, "holder_name": "样本场所", "site_name": "样本场所", **open_day}
        fire = {"fire_certificate_no": "消0001"}
        deliver(
            home,
            "wlt_internet_cafe",
            "wlt",
            "2026-02-01",
            [
                {**who, "licence_no": "C1", "school_distance_m": 199, **fire},
                {**who, "licence_no": "C2", "school_distance_m": 200, **fire},
                {**who, "licence_no": "C3", "school_distance_m": 50, "valid_to": date(2026, 1, 1)},
            ],
        )
        hall = {**who, "valid_from": date(2025, 1, 1), "venue_kind": "1"}
        deliver(
            home,
            "wlt_entertainment_licence",
            "wlt",
            "2026-02-01",
            [
                {**hall, "licence_no": "E1", "venue_exits": 1, **fire},
                {**hall, "licence_no": "E2", "venue_state": "4", "issued_date": date(2026, 1, 5)},
            ],
        )
        held = {"protection_zone": "外延30米", "has_marker": "1", "has_archive": "1", "has_keeper": "1"}
        place = {"relic_category": "3", "region_code": "420502"}
        deliver(
            home,
            "wlt_relic",
            "wlt",
            "2026-02-01",
            [
                {
                    "element_code": "R1",
                    "element_name": "甲",
                    "relic_level": "GB",
                    **held,
                    **place,
                    "is_keeper_public": "1",
                },
                {"element_code": "R2", "element_name": "乙", "relic_level": "XB", **held, **place, "has_archive": None},
                {"element_code": "R3", "element_name": "丙", "relic_level": "DS", **place},
            ],
        )
        guides = [
            _guide("1", date(2024, 1, 1), date(2026, 12, 31)),
            _guide("2", date(2023, 7, 1), date(2028, 6, 30)),
            _guide("3", date(2022, 1, 1), date(2024, 12, 31)),
            _guide("4", date(2024, 1, 1), date(2026, 12, 31), licence_status="05"),
            # Found by the agency's name: every feed of the table states what kind of certificate it delivers.
            _guide("5", date(2024, 1, 1), date(2026, 12, 31), uscc=None, employer_name="武汉样本旅行社有限公司"),
        ]
        deliver(home, "wlt_guide", "wlt", "2026-02-01", guides)
        assert build_base(home).parked == []
        assert link(home) == 1
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def test_a_deposit_follows_from_scope_branches_and_years_without_a_fine(built: Home) -> None:
    agencies = {row["licence_no"][-5:]: row for row in rows_of(built, "themes.culture_deposit_day")}
    assert {number: (row["required_cny"], row["gap_cny"]) for number, row in agencies.items()} == {
        "10001": (250_000, 50_000),
        "10002": (100_000, 0),  # three years without a fine: half
        "00003": (1_700_000, 0),
        "00004": (1_400_000, 0),
    }
    assert [number for number, row in agencies.items() if row["is_insured"]] == ["10002"]
    assert year(built, "deposit_rate") == (3, 4, True)
    assert year(built, "deposit_gap_total")[0] == 50_000
    assert year(built, "agency_insured_rate")[:2] == (1, 4)


def test_who_sends_people_abroad_was_licensed_for_two_years(built: Home) -> None:
    assert year(built, "outbound_qualified_rate") == (1, 2, True)


def test_visitors_are_those_of_the_whole_spot_else_of_its_gates(built: Home) -> None:
    days = {(row["spot_code"], row["visitors_date"].day): row for row in rows_of(built, "themes.culture_visitors_day")}
    assert {key: (row["visitors"], row["is_sum_of_gates"], row["is_counted_twice"]) for key, row in days.items()} == {
        ("A1", 1): (1100, False, None),
        ("A1", 2): (850, False, None),
        ("A1", 3): (850, False, True),  # 900 at the gates: some passed two
        ("A2", 3): (550, True, None),
    }
    assert [key for key, row in sorted(days.items()) if row["is_over"]] == [("A1", 1), ("A2", 3)]
    assert days["A1", 1]["load_share"] == Decimal("1.1")


def test_near_its_capacity_is_a_spot_by_the_share_of_that_day(built: Home) -> None:
    near = [
        (row["spot_code"], row["visitors_date"].day)
        for row in rows_of(built, "themes.culture_visitors_day")
        if row["is_near"]
    ]
    assert near == [("A1", 3)]  # 850 of 1,000: not above 0.9 on the second, above 0.8 on the third
    assert year(built, "over_capacity_rate") == (2, 4, True)
    assert year(built, "near_capacity_rate")[:2] == (1, 4)


def test_venues_that_are_open_are_compared_with_distance_exits_and_certificate(built: Home) -> None:
    venues = {
        row["licence_no"]: (row["is_near_school"], row["is_unfit"])
        for row in rows_of(built, "themes.culture_venue_check")
    }
    assert venues == {"C1": (True, True), "C2": (False, False), "E1": (None, True)}
    assert year(built, "cafe_distance_rate") == (1, 2, True)
    assert year(built, "fire_certificate_rate")[:2] == (3, 3)


def test_a_relic_tells_which_of_the_four_it_lacks(built: Home) -> None:
    relics = {
        row["relic_code"]: (row["lacking"], row["is_complete"]) for row in rows_of(built, "themes.culture_relic_check")
    }
    assert relics == {"R1": ("", True), "R2": ("记录档案", False)}  # R3 has no level yet, and is asked less
    assert year(built, "relic_complete_rate") == (1, 2, True)
    assert year(built, "relic_public_rate")[:2] == (1, 2)


def test_a_guides_certificate_ends_after_three_years_whatever_it_says(built: Home) -> None:
    [state] = rows_of(built, "themes.culture_guide_state")
    assert (state["guides_known"], state["guides_in_term"], state["guides_to_renew"]) == (4, 3, 1)
    assert year(built, "guide_valid_rate")[:2] == (3, 4)


def test_a_figure_drills_down_to_its_rows(built: Home) -> None:
    spark = connect(built, needs={"themes.culture_visitors_day"})
    rows = spark.sql(drill_sql("over_capacity_rate", Cell(period="2026-05", field="culture"))).collect()
    assert sorted(row["spot_code"] for row in rows) == ["A1", "A2"]


def test_the_model_counts_what_only_this_field_knows(built: Home) -> None:
    reasons = {
        row["object_id"]: {reason["indicator"] for reason in row["reasons"]}
        for row in rows_of(built, "gold.risk_score")
        if row["model"] == "culture_firm"
    }
    assert {"agencies_short", "deposit_gap_cny"} <= reasons[AGENCY]
    assert {"spot_days_over", "spot_days_near"} <= reasons[SPOT]
    assert "venues_unfit" in reasons[VENUE]
