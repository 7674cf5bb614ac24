"""Field resources: terms of land, spots and mines, each by the limit and the law of its day."""

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
from tests.field_rows import limit, rows_of, year
from tests.silver_rows import Row, deliver, lake

FIRM = "91420100MA4K00010R"
AS_OF = date(2026, 6, 1)
OLD, NEW = "《土地管理法》第五十七条", "《土地管理法实施条例》第二十条"
CHANGE = date(2021, 9, 1)
MINE = "C4205002020017120149301"


_limit = partial(limit, "resources")


def _grant(number: str, due: date, begun: date | None = None) -> Row:
    named = {
        "supply_no": number,
        "contract_no": number,
        "holder_name": "样本置业",
        "object_name": "样本置业",
        "uscc": FIRM,
    }
    days = {
        "signed_date": date(2020, 1, 1),
        "start_due_date": due,
        "finish_due_date": date(2030, 1, 1),
        "begun_date": begun,
    }
    return {**named, **days, "price_cny": Decimal(1_000_000), "plot_area_m2": Decimal(5000), "region_code": "420103"}


def _lent(number: str, use: str, since: date, until: date, **more: Any) -> Row:
    named = {"temp_land_no": number, "holder_name": "样本建设", "object_name": "样本建设", "uscc": FIRM}
    return {**named, "temp_land_use": use, "used_from": since, "used_to": until, "region_code": "420103", **more}


def _spot(number: str, found: date, state: str, after: str = "0601", **more: Any) -> Row:
    place = {"region_code": "420106", "spot_no": number, "image_date": found, "found_date": found, "uscc": FIRM}
    said = {"land_code_before": "0101", "land_code_after": after, "spot_state": state, "farmland_m2": Decimal(1000)}
    return {**place, **said, "longitude": Decimal("114.300000"), "latitude": Decimal("30.500000"), **more}


def _mine(year: int, output: str, **more: Any) -> Row:
    named = {"mine_code": "K1", "survey_year": year, "mine_name": "样本矿", "licence_no": MINE, "mine_state": "1"}
    areas = {"restoration_due_m2": Decimal(80_000), "restored_m2": Decimal(60_000)}
    return {**named, **areas, "output_year": Decimal(output), "region_code": "420502", **more}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Four plots, five pieces of land lent before and after the regulation changed, five spots, two years of a mine."""
    with lake(tmp_path_factory.mktemp("resources")) as home:
        firm = {"uscc": FIRM, "industry_code": "7010", "region_code": "420103"}
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", [firm])
        limits = [
            _limit("ZR3-XZ1", "1", date(2007, 8, 30)),
            _limit("ZR3-XZ2", "2", date(2007, 8, 30)),
            _limit("ZR3-XZF", "0.2", date(2007, 8, 30)),
            _limit("ZR4-LS", "2", date(1999, 1, 1), OLD, date(2021, 8, 31)),
            _limit("ZR4-LS", "2", CHANGE, NEW),
            _limit("ZR4-JC", "4", CHANGE, NEW),
            _limit("ZR4-FK", "1", CHANGE, NEW),
            _limit("ZR8-HC", "30", date(2023, 12, 1)),
            _limit("ZR9-CG", "1.1", date(2020, 1, 1)),
            _limit("WL9-JL", "200", date(2025, 3, 1)),
        ]
        deliver(home, "theme_limit", "zrzy", "2026-01-01", limits)
        grants = [
            _grant("idle", date(2025, 3, 1)),
            _grant("two years", date(2024, 3, 1)),
            _grant("late", date(2024, 3, 1), date(2025, 9, 1)),
            _grant("young", date(2025, 7, 1)),
        ]
        deliver(home, "zrzy_land_grant", "zrzy", "2026-02-01", grants)
        lent = [
            _lent("old road", "4", date(2021, 8, 31), date(2025, 8, 30), given_back_date=date(2025, 8, 1)),
            _lent("new road", "4", CHANGE, date(2025, 8, 31), given_back_date=date(2025, 8, 1)),
            _lent("site", "1", date(2023, 1, 1), date(2026, 12, 31)),
            _lent("good", "1", date(2023, 1, 1), date(2024, 12, 31), given_back_date=date(2024, 12, 1)),
            _lent("runs", "1", date(2025, 1, 1), date(2026, 12, 31)),
        ]
        lent[3]["reclaimed_date"] = date(2025, 6, 1)
        deliver(home, "zrzy_temp_land", "zrzy", "2026-02-01", lent)
        found = date(2026, 2, 1)
        spots = [
            _spot("in time", found, "2", spot_verified_date=date(2026, 3, 3)),
            _spot("late", found, "3", spot_verified_date=date(2026, 3, 4), spot_legality="2", takes_basic_farmland="1"),
            _spot("open", date(2026, 5, 20), "1", "0301"),
            _spot("twice", found, "1"),
            _spot("twice", date(2026, 4, 1), "4", spot_verified_date=date(2026, 4, 10)),
            _spot("far", date(2026, 5, 20), "1", longitude=Decimal("114.310000")),
        ]
        deliver(home, "zrzy_change_spot", "zrzy", "2026-05-21", spots)
        relic = {
            "element_code": "R1",
            "element_name": "甲",
            "relic_level": "GB",
            "relic_category": "3",
            "region_code": "420106",
        }
        # About 100 metres east of the spots, in the next square.
        deliver(
            home,
            "wlt_relic",
            "wlt",
            "2026-02-01",
            [{**relic, "longitude": Decimal("114.299000"), "latitude": Decimal("30.499900")}],
        )
        right = {
            "licence_kind": "ZR01",
            "licence_no": MINE,
            "element_code": "X1",
            "element_name": "样本矿",
            "uscc": FIRM,
        }
        term = {"valid_from": date(2020, 1, 1), "valid_to": date(2025, 6, 30), "issued_date": date(2026, 1, 5)}
        capacity = {"mine_capacity": Decimal(50), "region_code": "420502", "mineral": "磷矿"}
        deliver(home, "zrzy_mining_right", "zrzy", "2026-01-06", [{**right, **term, **capacity}])
        mines = [_mine(2024, "55"), _mine(2025, "55.1", accepted_date=date(2025, 11, 1))]
        deliver(home, "zrzy_mine_survey", "zrzy", "2026-01-06", mines)
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def _clocks(home: Home, kind: str) -> dict[str, Row]:
    return {
        row["contract_no"]: row for row in rows_of(home, "themes.resources_land_clock") if row["land_clock"] == kind
    }


def test_land_is_idle_a_year_after_the_day_to_begin_and_may_be_taken_back_after_two(built: Home) -> None:
    first, second = _clocks(built, "1"), _clocks(built, "2")
    assert {number: row["due_date"] for number, row in first.items()} == {
        "idle": date(2026, 3, 1),
        "two years": date(2025, 3, 1),
        "late": date(2025, 3, 1),
        "young": date(2026, 7, 1),
    }
    assert [number for number, row in sorted(first.items()) if row["is_open"]] == ["idle", "two years"]
    assert [number for number, row in sorted(second.items()) if row["is_open"]] == ["two years"]
    assert (first["late"]["is_overdue"], first["late"]["days_late"]) == (True, 184)
    assert first["two years"]["fee_cny"] == 200_000
    assert year(built, "idle_land_rate")[:2] == (1, 1)
    assert year(built, "idle_land_rate", 2025)[:2] == (1, 2)
    assert year(built, "idle_land_area", 2025)[0] == 5000


def test_roads_may_use_land_for_four_years_since_the_regulation_of_2021(built: Home) -> None:
    lent = _clocks(built, "4")
    assert {number: (row["due_date"], row["legal_basis"]) for number, row in lent.items()} == {
        "old road": (date(2023, 8, 30), OLD),
        "new road": (date(2025, 8, 31), NEW),
        "site": (date(2024, 12, 31), NEW),  # approved for four years, which the law does not let be
        "good": (date(2024, 12, 31), NEW),
        "runs": (date(2026, 12, 31), NEW),
    }
    assert [number for number, row in sorted(lent.items()) if row["is_overdue"]] == ["old road", "site"]
    assert not lent["runs"]["is_due"]
    assert year(built, "temp_land_overdue_rate", 2024) == (1, 2, True)


def test_land_that_was_lent_is_fit_again_a_year_later(built: Home) -> None:
    again = _clocks(built, "5")
    assert {number: row["is_overdue"] for number, row in sorted(again.items())} == {
        "good": False,
        "new road": False,  # until 2026-08-31
        "old road": True,
        "runs": False,
        "site": True,
    }
    assert year(built, "reclaim_overdue_rate", 2025)[:2] == (1, 2)


def test_a_spot_is_one_in_whatever_many_periods_it_came_and_is_looked_at_in_time_or_not(built: Home) -> None:
    spots = {row["spot_no"]: row for row in rows_of(built, "themes.resources_spot")}
    assert {number: (row["batches"], row["due_date"]) for number, row in spots.items()} == {
        "in time": (1, date(2026, 3, 3)),
        "late": (1, date(2026, 3, 3)),
        "open": (1, date(2026, 6, 19)),
        "twice": (2, date(2026, 3, 3)),
        "far": (1, date(2026, 6, 19)),
    }
    assert year(built, "spot_decided_rate")[:2] == (1, 3)
    assert year(built, "spots_open_total")[0] == 2
    assert year(built, "basic_farmland_rate")[:2] == (1, 5)


def test_farmland_that_was_built_upon_against_the_law_is_set_against_all_that_was(built: Home) -> None:
    assert year(built, "illegal_farmland_rate") == (2000, 4000, True)  # "late" and "twice"; "open" is wood now


def test_spots_near_a_relic_are_told_but_those_found_lawful(built: Home) -> None:
    near = [row["spot_no"] for row in rows_of(built, "themes.resources_spot") if row["is_near_relic"]]
    assert sorted(near) == ["late", "open", "twice"]
    assert year(built, "spots_near_relic_rate")[:2] == (3, 5)


def test_a_mine_is_held_against_its_capacity_and_its_licence_at_the_end_of_the_year(built: Home) -> None:
    years = {row["survey_year"]: row for row in rows_of(built, "themes.resources_mine_year")}
    assert {year: (row["is_over_capacity"], row["has_licence"]) for year, row in years.items()} == {
        2024: (False, True),  # 55 is 1.1 times 50 and no more
        2025: (True, False),  # its licence ended in June
    }
    assert year(built, "mine_licensed_rate", 2025) == (0, 1, True)
    assert year(built, "over_capacity_mine_rate", 2025)[:2] == (1, 1)
    assert year(built, "restoration_rate", 2025)[:2] == (60_000, 80_000)


def test_a_figure_drills_down_to_its_rows(built: Home) -> None:
    spark = connect(built, needs={"themes.resources_land_clock"})
    rows = spark.sql(drill_sql("idle_land_rate", Cell(period="2026", field="resources"))).collect()
    assert [row["contract_no"] for row in rows] == ["idle"]


def test_the_model_counts_what_only_this_field_knows(built: Home) -> None:
    [score] = [
        row for row in rows_of(built, "gold.risk_score") if (row["model"], row["object_id"]) == ("resources_firm", FIRM)
    ]
    told = {reason["indicator"] for reason in score["reasons"]}
    assert {
        "land_idle",
        "land_to_take_back",
        "temp_land_late",
        "reclaims_late",
        "spots_unlawful",
        "mine_years_over",
    } <= told
