"""Field transport: vehicles by month, what they weigh against the limits of the day, whose overloads are too many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import Row, deliver, lake

FIRM, OTHER = "91420100MA4K00010R", "91420100MA4K00029N"
AS_OF = date(2026, 11, 1)
ROADS, TRAFFIC = "《公路安全保护条例》第六十六条", "《中华人民共和国道路交通安全法》第九十二条"
ARTICLE = {"JT8-CL": ("3", ROADS), "JT8-JS": ("3", ROADS), "JT8-QY": ("0.1", ROADS), "JT9-CZ": ("1.3", TRAFFIC)}
DRIVER, COLLEAGUE = "420106199001011231", "420502200002290043"


def _vehicle(plate: str, use: str = "4", **more: Any) -> Row:
    named = {"plate_no": plate, "plate_colour": "2", "vin": f"LGAX4C343N1{plate[-6:]:0>6}", "vehicle_kind": "H11"}
    weights = {"curb_kg": Decimal(6500), "load_kg": Decimal(11500)}
    owner = {"uscc": FIRM, "holder_name": "武汉样本物流有限公司", "operating_state": "10", "region_code": "420100"}
    return {**named, **weights, **owner, "vehicle_use": use, "vehicle_code": f"{plate}_2", **more}


def _day(plate: str, day: date, **figures: float) -> list[Row]:
    said = {"plate_no": plate, "plate_colour": "2", "track_date": day, "unit": ""}
    return [{**said, "indicator_code": name, "reading_value": Decimal(str(value))} for name, value in figures.items()]


def _weighing(number: str, plate: str, day: date, total: str, fine: int | None = None, **more: Any) -> Row:
    at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    decision = (
        {"punish_file_no": f"鄂交罚{number}号", "punish_date": day, "fine_cny": Decimal(fine or 0)} if fine else {}
    )
    said = {"record_code": number, "site_name": "样本治超站", "weighed_at": at, "plate_no": plate, "plate_colour": "2"}
    weights = {"axles": 2, "total_t": Decimal(total), "limit_t": Decimal(18)}
    return {**said, **weights, **decision, "id_card": DRIVER, "region_code": "420100", **more}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Twelve vehicles of one firm, two of them with terminals, and what was weighed in a year and a month."""
    with lake(tmp_path_factory.mktemp("transport")) as home:
        firms = [{"uscc": firm, "industry_code": "5431", "region_code": "420100"} for firm in (FIRM, OTHER)]
        deliver(home, "scjg_enterprise", "scjg", "2025-01-01", firms)
        bus = _vehicle("鄂A00001", "1", insured_until=date(2026, 12, 31), inspected_until=date(2026, 9, 30))
        quiet = _vehicle("鄂A00002", "3", insured_until=date(2026, 10, 31))
        trucks = [_vehicle(f"鄂A0010{n}") for n in range(9)]
        deliver(
            home,
            "jtys_vehicle",
            "jtys",
            "2025-01-01",
            [bus, quiet, *trucks, _vehicle("鄂A00200", operating_state="80")],
        )
        limits = [
            {
                "limit_code": code,
                "field": "transport",
                "limit_name": code,
                "limit_operator": "at_most",
                "bound_value": Decimal(value),
                "legal_basis": basis,
                "effective_date": date(2011, 7, 1),
            }
            for code, (value, basis) in {**ARTICLE, "JT7-Z2": ("18", "GB 1589-2016")}.items()
        ]
        deliver(home, "theme_limit", "jtys", "2025-01-01", limits)
        licence = {"person_name": "样本甲", "id_card": DRIVER, "practice_certificate_no": DRIVER, "uscc": OTHER}
        deliver(home, "jtys_driver", "jtys", "2025-01-01", [{**licence, "practice_category": "02001"}])
        carrier = {
            "licence_prefix": "鄂交运管许可汉",
            "licence_no": "420100900001",
            "uscc": FIRM,
            "declared_vehicles": 3,
        }
        term = {"issued_date": date(2026, 2, 1), "valid_from": date(2026, 2, 1), "valid_to": date(2030, 1, 31)}
        deliver(home, "jtys_hazmat_operator", "jtys", "2026-03-01", [{**carrier, **term, "region_code": "420100"}])
        whole = {
            "track_km": 400.0,
            "track_km_complete": 300.0,
            "points": 1000,
            "points_valid": 990,
            "points_drifting": 0,
        }
        days = _day("鄂A00001", date(2026, 9, 30), **whole) + _day("鄂A00001", date(2026, 10, 2), **whole)
        # More complete track than track, and not one valid point in October.
        days += _day("鄂A00100", date(2026, 9, 1), **{**whole, "track_km_complete": 500.0, "points_drifting": 7})
        days += _day("鄂A00100", date(2026, 9, 3), **whole)
        days += _day("鄂A00100", date(2026, 10, 3), **{**whole, "points_valid": 0})
        deliver(home, "jtys_gps_day", "jtys", "2026-10-05", days)
        alarm = {"plate_no": "鄂A00001", "plate_colour": "2", "uscc": FIRM, "region_code": "420100"}
        # The last hour of September in UTC is October in China.
        starts = [datetime(2026, 9, 30, hour, tzinfo=UTC) for hour in (10, 17, 18)]
        bits = zip(starts, ("2", "2", "1"), strict=True)
        alarms = [{**alarm, "vehicle_alarm": bit, "started_at": start} for start, bit in bits]
        deliver(home, "jtys_gps_alarm", "jtys", "2026-10-05", [*alarms[:2], {**alarms[2], "alarm_disposal": "2"}])
        deliver(home, "jtys_overload_record", "jtys", "2026-10-05", _weighings())
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def _weighings() -> list[Row]:
    """Four decisions about one truck in a year and one before it, two without what makes a decision, one unseen."""
    first = date(2026, 3, 1)
    four = [_weighing(f"P{n}", "鄂A00101", first + timedelta(days=n), "20", fine=500) for n in range(4)]
    old = _weighing("old", "鄂A00101", date(2025, 10, 1), "20", fine=500)
    other_driver = {"id_card": COLLEAGUE}
    one = _weighing("one", "鄂A00102", first, "23.4", fine=1000, **other_driver)
    free = _weighing("free", "鄂A00103", first, "20", fine=None, punish_file_no="鄂交罚free号", **other_driver)
    shared = [
        _weighing(f"S{n}", f"鄂A0010{4 + n}", first, "20", fine=500, **other_driver) | {"punish_file_no": "同一号"}
        for n in range(2)
    ]
    unseen = _weighing("unseen", "鄂A00100", date(2026, 9, 2), "17", plate_colour=None, **other_driver)
    strange = _weighing("strange", "湘B99999", first, "21.5", limit_t=Decimal(20), id_card=None)
    return [*four, old, one, free, *shared, unseen, strange]


def _rows(home: Home, table: str, key: str) -> dict[str, Row]:
    return {row[key]: row for row in read(home.table("themes", f"transport_{table}")).to_pylist()}


def _figure(home: Home, indicator: str, kind: str = "year", period: date = date(2026, 1, 1)) -> tuple[Any, Any, Any]:
    [row] = [
        row
        for row in read(home.table("gold", "indicator")).to_pylist()
        if (row["indicator"], row["period_kind"], row["period"], row["is_total"]) == (indicator, kind, period, True)
    ]
    return row["numerator"], row["denominator"], row["is_breached"]


def test_a_month_without_a_valid_point_is_a_month_in_the_net_too(built: Home) -> None:
    months = read(built.table("themes", "transport_vehicle_month")).to_pylist()
    told = {
        (row["plate_no"], row["month"].month): (row["is_online"], row["online_days"], row["is_overdue"])
        for row in months
    }
    assert told == {
        ("鄂A00001", 9): (True, 1, False),
        ("鄂A00001", 10): (True, 1, True),  # inspected until the last of September
        ("鄂A00100", 9): (True, 2, False),
        ("鄂A00100", 10): (False, 0, False),
    }
    assert _figure(built, "online_rate") == (3, 4, None)
    assert _figure(built, "drift_rate") == (1, 3, None)


def test_a_day_that_contradicts_itself_counts_in_neither_track(built: Home) -> None:
    assert _figure(built, "track_complete_rate", "month", date(2026, 9, 1)) == (600, 800, False)


def test_alarms_are_counted_in_the_month_of_china_and_answered_ones_are_not_open(built: Home) -> None:
    months = {
        row["month"].month: row
        for row in read(built.table("themes", "transport_vehicle_month")).to_pylist()
        if row["plate_no"] == "鄂A00001"
    }
    assert [
        (months[m]["fatigue_alarms"], months[m]["speeding_alarms"], months[m]["alarms_unanswered"]) for m in (9, 10)
    ] == [
        (1, 0, 1),
        (1, 1, 1),
    ]
    assert _figure(built, "fatigue_rate") == (2, 4, None)


def test_weights_are_compared_with_the_limits_of_the_day(built: Home) -> None:
    rows = _rows(built, "overload", "record_code")
    assert {number for number, row in rows.items() if not row["is_over"]} == {"unseen"}
    assert (rows["one"]["over_share"], rows["one"]["load_multiple"]) == (Decimal("0.3000"), Decimal("1.4696"))
    assert {number for number, row in rows.items() if row["is_severe"]} == {"one"}
    assert rows["one"]["legal_basis"] == TRAFFIC
    # Its vehicle is not registered: neither firm nor rated load are known; its limit is none of GB 1589.
    assert (rows["strange"]["object_id"], rows["strange"]["is_rated"], rows["strange"]["is_limit_odd"]) == (
        None,
        False,
        True,
    )
    assert _figure(built, "severe_overload_rate") == (1, 9, None)


def test_a_decision_is_one_with_a_fine_for_one_record(built: Home) -> None:
    rows = _rows(built, "overload", "record_code")
    assert {number for number, row in rows.items() if row["is_penalised"]} == {"P0", "P1", "P2", "P3", "old", "one"}


def test_more_than_three_in_a_year_are_too_many_for_vehicle_and_driver(built: Home) -> None:
    states = _rows(built, "vehicle_state", "plate_no")
    assert {plate: row["vehicle_overloads"] for plate, row in states.items() if row["vehicle_overloads"]} == {
        "鄂A00101": 4,
        "鄂A00102": 1,
    }
    assert [plate for plate, row in states.items() if row["is_revocable"]] == ["鄂A00101"]
    assert _figure(built, "revocable_truck_rate") == (1, 10, None)
    drivers = {number: row["driver_overloads"] for number, row in _rows(built, "overload", "record_code").items()}
    # The decision of October 2025 is one of the year that ends with each of these days.
    assert [drivers[name] for name in ("old", "P0", "P1", "P2", "P3", "one", "strange")] == [1, 2, 3, 4, 5, 1, 0]
    over = [number for number, row in _rows(built, "overload", "record_code").items() if row["is_driver_over"]]
    assert sorted(over) == ["P2", "P3"]


def test_a_firm_is_held_to_the_share_of_its_trucks(built: Home) -> None:
    [firm] = _rows(built, "firm_overload_12m", "object_id").values()
    # Nine heavy trucks and the one with hazardous goods; the struck-off one counts no more.
    assert (firm["trucks"], firm["trucks_overloaded"], firm["overloaded_share"]) == (10, 2, Decimal("0.2000"))
    assert (firm["is_above_limit"], firm["legal_basis"], firm["declared_vehicles"]) == (True, ROADS, 3)


def test_a_licence_in_two_cells_is_one_number(built: Home) -> None:
    [licence] = read(built.table("base", "licence")).to_pylist()
    assert (licence["licence_kind"], licence["licence_no"]) == ("JT02", "鄂交运管许可汉字420100900001号")


def test_who_is_weighed_on_a_day_without_a_point_was_not_seen(built: Home) -> None:
    rows = _rows(built, "overload", "record_code")
    assert [number for number, row in rows.items() if row["is_unseen"]] == ["unseen"]
    assert rows["unseen"]["vehicle_code"] == "鄂A00100_2"  # one vehicle only has the plate


def test_a_driver_who_is_registered_with_another_firm_is_told(built: Home) -> None:
    rows = _rows(built, "overload", "record_code")
    assert sorted(number for number, row in rows.items() if row["is_driver_of_others"]) == [
        "P0",
        "P1",
        "P2",
        "P3",
        "old",
    ]


def test_who_must_be_in_the_net_and_insured_is_counted_today(built: Home) -> None:
    assert _figure(built, "in_net_rate") == (1, 2, True)
    assert _figure(built, "insured_rate") == (1, 2, True)


def test_the_model_of_the_field_counts_facts_of_the_field(built: Home) -> None:
    scores = read(built.table("gold", "risk_score")).to_pylist()
    [reasons] = [row["reasons"] for row in scores if (row["model"], row["object_id"]) == ("transport_firm", FIRM)]
    told = {reason["indicator"] for reason in reasons}
    assert {
        "overload_penalties",
        "weighings_severe",
        "weighings_unseen",
        "alarms_unanswered",
        "vehicle_months_overdue",
    } <= told
