"""Field safety: dangers day by day, accidents and licences beside the law of the day, sources, who is scored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from tests.field_rows import limit, rows_of, year
from tests.silver_rows import Row, deliver, lake

FIRM, SILENT = "91420100MA4K00010R", "91420100MA4K0007XG"
AS_OF = date(2026, 11, 1)
LAW, CHEMICALS_LAW, RULES = (
    "《安全生产法》第四十条",
    "《危险化学品安全法》第十三条",
    "《生产安全事故报告和调查处理条例》第九条",
)


def _moment(day: date, hour: int = 1, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def _hazard(code: str, level: str, found: date, days: int, mended: date | None = None, **more: Any) -> Row:
    told = {"hazard_code": code, "uscc": FIRM, "hazard_name": code, "hazard_level": level, "hazard_state": "0"}
    when = {"registered_at": _moment(found), "deadline": found + timedelta(days=days)}
    return {**told, **when, "accepted_at": mended and _moment(mended), "hazard_origin": "01", **more}


def _accident(number: str, unit: str, minutes: int, closed: date | None, **more: Any) -> Row:
    start = _moment(date(2026, 6, 1))
    told = {"accident_no": number, "accident_unit": unit, "uscc": FIRM, "accident_kind": "08", "region_code": "420107"}
    when = {"occurred_at": start, "reported_at": start + timedelta(minutes=minutes), "closed_date": closed}
    return {**told, **when, "deaths": 3, "accident_level": "3", **more}


def _source(code: str, firm: str, level: str, r_value: str, evaluated: date, **more: Any) -> Row:
    told = {
        "source_code": code,
        "element_code": code,
        "element_name": f"{code}罐区",
        "uscc": firm,
        "region_code": "420107",
    }
    state = {"source_level": level, "r_value": Decimal(r_value), "people_around": 40, "evaluated_date": evaluated}
    return {**told, **state, "filing_state": "1", **more}


def _penalty(number: str, day: date) -> Row:
    told = {"punish_action_code": number, "administrative_cp_document": "001", "administrative_cp_code": FIRM}
    return {**told, "punish_date": day, "punish_kind": "02", "fine_cny": Decimal(20000), "region_code": "420107"}


LIMITS = [
    limit("safety", "AQ1-BG", "1", date(2007, 6, 1), RULES),
    limit("safety", "AQ3-DC", "60", date(2007, 6, 1), RULES),
    limit("safety", "AQ5-PG", "3", date(2011, 12, 1), LAW, date(2026, 4, 30)),
    limit("safety", "AQ5-PG", "3", date(2026, 5, 1), CHEMICALS_LAW),
    *(limit("safety", f"AQ5-R{n}", bound, date(2011, 12, 1), LAW) for n, bound in enumerate(("100", "50", "10"), 1)),
    limit("safety", "AQ7-YQ", "3", date(2004, 1, 13), RULES),
    limit("safety", "AQ10-QR", "30", date(2021, 9, 1), LAW),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Two firms: one that finds dangers and is punished, one with a grave source that never finds any."""
    with lake(tmp_path_factory.mktemp("safety")) as home:
        registered = [{"uscc": firm, "industry_code": "2614", "region_code": "420107"} for firm in (FIRM, SILENT)]
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", registered)
        deliver(home, "theme_limit", "yjgl", "2026-01-01", LIMITS)
        hazards = [
            _hazard("late", "1", date(2026, 10, 1), 5, date(2026, 10, 11)),
            _hazard("early", "1", date(2026, 10, 1), 20, date(2026, 10, 11)),
            _hazard("open", "1", date(2026, 10, 20), 5, hazard_origin="07"),
            _hazard("not yet", "0", date(2026, 10, 30), 20),
        ]
        deliver(home, "hazard", "yjgl", "2026-10-31", hazards)
        deliver(
            home,
            "accident",
            "yjgl",
            "2026-10-01",
            [
                _accident("S1", "乙", 61, date(2026, 7, 31)),
                _accident("S1", "甲", 60, date(2026, 7, 31)),
                _accident("S2", "甲", 90, None, deaths=2, uscc=SILENT),
            ],
        )
        deliver(
            home,
            "yjgl_major_hazard",
            "yjgl",
            "2026-10-01",
            [
                _source("A", FIRM, "3", "20", date(2024, 1, 1)),
                _source("B", SILENT, "2", "120", date(2023, 11, 1)),
                _source("C", FIRM, "4", "5", date(2010, 1, 1), filing_state="3"),
            ],
        )
        chemicals = [("67-56-1", "5000", "500", "1"), ("7664-41-7", "20", "10", "2")]
        stored = [
            {
                "source_code": "A",
                "cas_no": cas,
                "chemical_name": cas,
                "stored_t": Decimal(most),
                "critical_t": Decimal(critical),
                "correction_factor": Decimal(factor),
            }
            for cas, most, critical, factor in chemicals
        ]
        deliver(home, "yjgl_source_chemical", "yjgl", "2026-10-01", stored)
        device = {"device_code": "HZ1", "monitor_device_class": "HZ", "uscc": SILENT, "region_code": "420107"}
        deliver(home, "monitor_device", "yjgl", "2026-01-01", [device])
        noon = datetime(2026, 10, 25, 4, tzinfo=UTC)
        waited = {"G1": timedelta(minutes=30), "G2": timedelta(minutes=31), "G3": None}
        deliver(
            home,
            "device_alarm",
            "yjgl",
            "2026-10-26",
            [
                {
                    "alarm_no": number,
                    "device_code": "HZ1",
                    "alarm_kind": "01",
                    "alarm_level": "1",
                    "started_at": noon,
                    "confirmed_at": noon + wait if wait else None,
                    "region_code": "420107",
                }
                for number, wait in waited.items()
            ],
        )
        licence = {"uscc": FIRM, "holder_name": "样本化工", "valid_from": date(2023, 12, 1), "region_code": "420107"}
        ends = {
            "filed": (date(2026, 12, 1), date(2026, 9, 1), None),
            "late": (date(2026, 12, 1), date(2026, 9, 2), None),
            "given up": (date(2026, 12, 1), None, "03"),
            "later": (date(2027, 12, 1), None, None),
        }
        deliver(
            home,
            "yjgl_hazchem_trade_licence",
            "yjgl",
            "2026-10-01",
            [
                {**licence, "licence_no": name, "valid_to": end, "renewal_filed_date": filed, "licence_status": status}
                for name, (end, filed, status) in ends.items()
            ],
        )
        firms = [
            {"uscc": FIRM, "object_name": "样本化工", "staff": 120, "safety_staff": 2, "is_liability_insured": "1"},
            {"uscc": SILENT, "object_name": "默样本", "staff": 20, "safety_staff": 0, "is_liability_insured": "0"},
        ]
        deliver(home, "yjgl_hazchem_firm", "yjgl", "2026-10-01", [{**firm, "region_code": "420107"} for firm in firms])
        penalties = [
            _penalty("F1", date(2026, 10, 2)),
            _penalty("F2", date(2026, 10, 11)),
            _penalty("F3", date(2026, 10, 25)),
        ]
        deliver(home, "punish_action", "yjgl", "2026-10-30", penalties)
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def test_a_danger_stands_open_from_its_first_day_to_the_day_before_it_is_mended(built: Home) -> None:
    days = {(row["hazard_level"], row["day"]): row for row in rows_of(built, "themes.safety_hazard_day")}
    stood = {day: row["open_hazards"] for (level, day), row in days.items() if level == "1"}
    assert stood == {
        **{date(2026, 10, day): 2 for day in range(1, 11)},
        **{date(2026, 10, day): 1 for day in range(20, 32)},
        date(2026, 11, 1): 1,
    }
    # `late` from the day after its deadline to the day before it was mended, `open` until today.
    assert sum(row["overdue_hazards"] for row in days.values()) == 4 + 7
    assert year(built, "overdue_hazard_share")[:2] == (11, 20 + 13 + 3)


def test_major_dangers_count_once_their_deadline_has_passed_or_they_are_mended(built: Home) -> None:
    assert year(built, "major_hazard_mending_rate") == (1, 3, True)
    assert year(built, "overdue_hazards_total")[0] == 1


def test_an_accident_of_two_units_is_one_and_each_is_beside_the_limits_of_its_day(built: Home) -> None:
    rows = {(row["accident_no"], row["accident_unit"]): row for row in rows_of(built, "themes.safety_accident")}
    assert {key: row["is_reported_in_time"] for key, row in rows.items()} == {
        ("S1", "乙"): False,
        ("S1", "甲"): True,
        ("S2", "甲"): False,
    }
    assert year(built, "accident_reporting_rate") == (1, 2, True)
    assert year(built, "accident_closing_rate")[:2] == (1, 2)  # 60 days, and none yet
    assert year(built, "accident_level_rate")[:2] == (1, 2)  # two deaths are no 较大事故


def test_a_hazard_source_is_beside_its_chemicals_its_level_and_the_law_of_today(built: Home) -> None:
    sources = {row["source_code"]: row for row in rows_of(built, "themes.safety_hazard_source")}
    assert sources.keys() == {"A", "B"}  # C is closed
    assert (sources["A"]["critical_ratio"], sources["A"]["weighted_ratio"]) == (12, 14)
    assert [(row["level_by_r"], row["is_level_by_r"]) for _, row in sorted(sources.items())] == [
        ("3", True),
        ("1", False),
    ]
    assert (sources["A"]["is_assessed"], sources["B"]["is_assessed"]) == (True, False)  # three years ago to the day
    assert {row["legal_basis"] for row in sources.values()} == {CHEMICALS_LAW}
    assert [row["is_silent"] for _, row in sorted(sources.items())] == [False, True]
    assert year(built, "source_assessment_rate") == (1, 2, True)


def test_an_alarm_is_confirmed_within_the_minutes_it_may_wait(built: Home) -> None:
    [day] = rows_of(built, "themes.safety_alarm_day")
    assert (day["object_id"], day["day"], day["alarms"], day["alarms_confirmed"], day["alarms_late"]) == (
        *(SILENT, date(2026, 10, 25)),
        *(3, 1, 2),
    )


def test_who_asks_for_the_next_term_three_months_before_the_end_is_in_time(built: Home) -> None:
    renewals = {row["licence_no"]: row["is_filed_in_time"] for row in rows_of(built, "themes.safety_licence_renewal")}
    assert renewals == {"filed": True, "late": False}
    assert year(built, "renewal_filing_rate")[:2] == (1, 2)


def test_dangerous_firms_need_a_safety_officer_and_an_insurance(built: Home) -> None:
    assert year(built, "safety_staff_rate") == (1, 2, True)
    assert year(built, "liability_insurance_rate") == (1, 2, True)


def test_a_figure_of_the_field_drills_down_to_its_rows(built: Home) -> None:
    spark = connect(built, needs={"themes.safety_hazard_check"})
    rows = spark.sql(drill_sql("major_hazard_mending_rate", Cell(period="2026", field="safety"))).collect()
    assert [row["hazard_code"] for row in rows] == ["early"]


def test_penalties_while_a_major_danger_stands_open_make_a_firm_red(built: Home) -> None:
    assert {row["punish_action_code"]: row["hazard_code"] for row in rows_of(built, "themes.safety_major_penalty")} == {
        "F1": "early",
        "F3": "open",  # on the day of F2 both were mended, and none was open
    }
    scores = {row["object_id"]: row for row in rows_of(built, "gold.risk_score") if row["model"] == "safety_firm"}
    assert {reason["indicator"] for reason in scores[FIRM]["reasons"]} >= {
        *("penalties_with_major_hazard", "overdue_major", "restart", "exposure", "accidents"),
    }
    assert {reason["indicator"] for reason in scores[SILENT]["reasons"]} == {
        *("silent_sources", "exposure", "alarms_late", "accidents"),
    }
    assert scores[FIRM]["grade"] == "red"
