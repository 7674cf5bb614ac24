"""Field environment: limits as they held on the day, spells above them, made-up data, licences, who is scored."""

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

FIRM, RECEIVER = "91420100MA4K00010R", "91420100MA4K0007XG"
DAY = datetime(2026, 8, 10, tzinfo=UTC) - timedelta(hours=8)  # as it begins in China
AS_OF = date(2026, 11, 1)
OLD, NEW = "《固体废物污染环境防治法》第八十二条", "《生态环境法典》第五百三十六条"


def _reading(hour: int, value: float, device: str = "PS1", indicator: str = "w01018", **more: Any) -> Row:
    said = {"device_code": device, "indicator_code": indicator, "reading_period": "H", "validity": "V"}
    when = {"reading_time": DAY + timedelta(hours=hour), "reading_value": Decimal(str(value))}
    return {**said, **when, "unit": "mg/L", "threshold_high": Decimal(50), **more}


def _manifest(
    number: str, shipped: date, days: int | None, received: str | None = "2.5", code: str = "900-039-49"
) -> Row:
    start = datetime(shipped.year, shipped.month, shipped.day, 1, tzinfo=UTC)
    who = {"shipper_uscc": FIRM, "carrier_uscc": FIRM, "receiver_uscc": RECEIVER, "region_code": "420107"}
    arrived = None if days is None else start + timedelta(days=days)
    state = {"manifest_state": "4" if days is None else "5", "received_at_place": arrived}
    weighed = {"shipped_t": Decimal("2.5"), "received_t": Decimal(received) if received else None}
    return {"manifest_no": number, "waste_code": code, "shipped_at": start, **who, **state, **weighed}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One outlet over a week, four manifests around the day on which the code of 2026 came into force, two licences."""
    with lake(tmp_path_factory.mktemp("environment")) as home:
        registered = [{"uscc": firm, "industry_code": "2614", "region_code": "420107"} for firm in (FIRM, RECEIVER)]
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", registered)
        outlet = {
            "device_code": "PS1",
            "monitor_device_class": "PS",
            "uscc": FIRM,
            "holder_name": "武汉样本化工有限公司",
        }
        deliver(home, "monitor_device", "sthj", "2026-01-01", [{**outlet, "region_code": "420107"}])
        sour = {
            "device_code": "PS1",
            "indicator_code": "w01001",
            "is_key_indicator": "0",
            "valid_from": date(2026, 1, 1),
        }
        deliver(home, "device_indicator", "sthj", "2026-01-01", [sour])
        above = {0: 60.0, 1: 120.0, 2: 55.0, 5: 70.0, 23: 51.0, 24: 51.0}
        readings = [_reading(hour, above.get(hour, 30 + hour % 7)) for hour in range(48)]
        readings += [_reading(hour, 7, indicator="w21003") for hour in range(72)]
        readings += [_reading(hour, 0, indicator="w00000") for hour in range(96)]
        # Below its lower limit is not above the upper one.
        readings.append(_reading(10, 4, indicator="w01001", threshold_low=Decimal(6)))
        deliver(home, "reading", "sthj", "2026-08-15", readings)
        change = date(2026, 8, 15)
        days = [
            limit("environment", "HJ7-BJ", "30", date(2020, 9, 1), OLD, date(2026, 8, 14)),
            limit("environment", "HJ7-BJ", "20", change, NEW),
            limit("environment", "HJ7-CY", "0.05", date(2020, 9, 1), OLD),
        ]
        deliver(home, "theme_limit", "sthj", "2026-01-01", days)
        deliver(
            home,
            "sthj_hazwaste_manifest",
            "sthj",
            "2026-10-01",
            [
                _manifest("before", date(2026, 8, 14), 25),
                _manifest("after", change, 25, received="2.3"),
                _manifest("open", change, None, received=None),
                _manifest("other", date(2026, 9, 1), 1, code="900-249-08"),
            ],
        )
        licence = {"licence_no": "S42-1", "uscc": RECEIVER, "holder_name": "受样本", "waste_classes": ["HW49"]}
        term = {"valid_from": date(2022, 1, 1), "valid_to": date(2026, 12, 31), "issued_date": date(2024, 1, 1)}
        gone = {
            "licence_no": "S42-2",
            "licence_status": "03",
            "valid_from": date(2019, 1, 1),
            "valid_to": date(2023, 1, 1),
        }
        deliver(home, "sthj_hazwaste_licence", "sthj", "2026-01-01", [{**licence, **term}, {**licence, **term, **gone}])
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def test_hours_above_the_limit_that_follow_each_other_are_one_spell(built: Home) -> None:
    spells = sorted(rows_of(built, "themes.environment_exceedance"), key=lambda row: row["started_at"])
    begins = [(row["started_at"] - DAY) // timedelta(hours=1) for row in spells]
    assert [(begin, row["hours"], row["alarm_level"]) for begin, row in zip(begins, spells, strict=True)] == [
        (0, 3, "2"),
        (5, 1, "3"),
        (23, 2, "3"),
    ]
    assert {row["object_id"] for row in spells} == {FIRM}
    assert (spells[0]["worst_value"], spells[0]["started_date"]) == (120, date(2026, 8, 10))


def test_three_days_of_one_value_are_told_and_an_outlet_at_rest_is_not(built: Home) -> None:
    [run] = rows_of(built, "themes.environment_constant_run")
    assert (run["indicator_code"], run["constant_value"], run["run_days"]) == ("w21003", 7, 3)
    assert (run["started_date"], run["until_date"]) == (date(2026, 8, 10), date(2026, 8, 12))


def test_a_manifest_is_compared_with_the_limit_and_the_law_of_its_day(built: Home) -> None:
    checked = {row["manifest_no"]: row for row in rows_of(built, "themes.environment_manifest_check")}
    limits = {number: (row["closing_days"], row["legal_basis"]) for number, row in checked.items()}
    assert limits == {"before": (30, OLD), "after": (20, NEW), "open": (20, NEW), "other": (20, NEW)}
    assert {number: row["is_closed_in_time"] for number, row in checked.items()} == {
        "before": True,  # 25 days: in time under the old law, late under the new one
        "after": False,
        "open": False,
        "other": True,
    }
    assert [row["is_receiver_licensed"] for _, row in sorted(checked.items())] == [True, True, True, False]
    assert year(built, "manifest_closing_rate")[:2] == (2, 4)
    assert year(built, "manifest_difference_rate")[:2] == (1, 4)


def test_the_limit_of_an_indicator_is_that_of_the_law_in_force_at_the_end_of_its_period(built: Home) -> None:
    assert year(built, "receiver_licensed_rate") == (3, 4, True)


def test_a_figure_made_of_a_fields_own_table_drills_down_to_itsrows_of(built: Home) -> None:
    spark = connect(built, needs={"themes.environment_manifest_check"})
    rows = spark.sql(drill_sql("manifest_closing_rate", Cell(period="2026-08", field="environment"))).collect()
    assert [row["manifest_no"] for row in rows] == ["before"]


def test_hours_that_came_and_hours_that_hold_are_counted_by_device_and_month(built: Home) -> None:
    [month] = rows_of(built, "gold.device_month")
    assert (month["hours_due"], month["hours_valid"], month["hours_exceeding"]) == (48 + 72 + 96, 48 + 72 + 96, 6)
    assert year(built, "valid_transmission_rate") == (216, 216, False)


def test_who_gave_a_licence_up_needs_none_unless_there_is_another(built: Home) -> None:
    [holding] = rows_of(built, "gold.licence_holding")
    assert (holding["is_licensed"], holding["is_operating"], holding["is_expiring"], holding["is_unrenewed"]) == (
        *(True, True),
        *(True, True),
    )
    assert year(built, "unrenewed_rate")[:2] == (1, 1)


def test_the_model_of_the_field_counts_facts_of_the_field(built: Home) -> None:
    scores = {
        (row["model"], row["object_id"]): (row["score"], [reason["indicator"] for reason in row["reasons"]])
        for row in rows_of(built, "gold.risk_score")
    }
    score, reasons = scores["environment_firm", FIRM]
    assert score > 0
    assert {"constant_runs", "exceedances", "manifests_differing"} <= {*reasons}


def test_a_fields_own_table_comes_to_the_same_bit_by_bit_and_anew(built: Home) -> None:
    late = _manifest("open", date(2026, 8, 15), 10, received="2.5")
    deliver(built, "sthj_hazwaste_manifest", "sthj", "2026-10-20", [late])
    assert build_base(built).parked == []
    bit_by_bit = sorted(map(str, rows_of(built, "themes.environment_manifest")))
    build_base(built, full=True)
    assert sorted(map(str, rows_of(built, "themes.environment_manifest"))) == bit_by_bit
    assert len(bit_by_bit) == 4
