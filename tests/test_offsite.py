"""Devices that watch from afar: a silent one is not online, and spells are alarms by rules that are data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.contract import code_list
from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from tests.field_rows import rows_of
from tests.silver_rows import Row, deliver, lake

DAY = datetime(2026, 8, 9, 16, tzinfo=UTC)  # 10 August begins in China
FIRST = date(2026, 8, 10)
FIRM = "91420100MA4K00010R"


def _device(code: str, kind: str = "PS", **more: Any) -> Row:
    said = {"monitor_device_class": kind, "holder_name": "样本", "uscc": FIRM, "region_code": "420107"}
    return {"device_code": code, **said, "installed_date": date(2020, 1, 1), "device_status": "1", **more}


def _hours(code: str, hours: range, above: dict[int, float] | None = None, every: float | None = None) -> list[Row]:
    """A reading an hour with the limit 50; `every`: one value throughout."""
    return [
        {
            "device_code": code,
            "indicator_code": "w01018",
            "reading_period": "H",
            "reading_time": DAY + timedelta(hours=hour),
            "reading_value": Decimal(str((above or {}).get(hour, every or 30 + hour % 7))),
            "unit": "mg/L",
            "validity": "V",
            "threshold_high": Decimal(50),
        }
        for hour in hours
    ]


DEVICES = [
    _device("always"),
    _device("a day late", accepted_date=FIRST + timedelta(days=1)),
    _device("silent for two days"),
    _device("never", accepted_date=None),
    _device("never, and stopped", device_status="2"),
    _device("never, and retired", retired_date=FIRST),
    _device("of a class that sends nothing", kind="SE"),
    _device("every four hours", kind="WQ", report_period_s=14400),
    _device("still"),
]
# Two indicators of the device that never sent.
LIMITS = [
    {"device_code": "never", "indicator_code": code, "unit": "mg/L", "valid_from": date(2026, 1, 1)}
    for code in ("w01018", "w21003")
]
FOUR_DAYS = range(96)
ABOVE = {
    **dict.fromkeys(range(3), 60.0),  # three hours
    10: 55.0,  # one
    20: 101.0,  # one at twice the limit
    **dict.fromkeys(range(40, 52), 51.0),  # twelve
}
READINGS = [
    *_hours("always", FOUR_DAYS, ABOVE),
    *_hours("a day late", range(24, 96)),
    *_hours("silent for two days", range(24)),
    *_hours("silent for two days", range(72, 96)),
    *_hours("every four hours", range(0, 96, 4)),
    *_hours("still", range(72), every=8),
    *_hours("still", range(72, 96)),
    *_hours("nobody's", range(24)),
]
ALARMS = [
    {"alarm_no": "1", "device_code": "always", "alarm_kind": "01", "alarm_level": "2", "region_code": "420107"}
    | {"started_at": DAY + timedelta(hours=1), "ended_at": DAY + timedelta(hours=2), "alarm_disposal": "2"},
    {"alarm_no": "2", "device_code": "still", "alarm_kind": "03", "alarm_level": "1", "region_code": "420107"}
    | {"started_at": DAY + timedelta(hours=200), "alarm_disposal": "0"},
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with lake(tmp_path_factory.mktemp("offsite")) as home:
        deliver(home, "monitor_device", "sthj", "2026-01-01", DEVICES)
        deliver(home, "device_indicator", "sthj", "2026-01-01", LIMITS)
        deliver(home, "reading", "sthj", "2026-08-15", READINGS)
        deliver(home, "device_alarm", "sthj", "2026-08-20", ALARMS)
        assert build_base(home).parked == []
        build_themes(home)
        build_gold(home, date(2026, 9, 1))
        yield home


def test_a_day_without_a_word_is_due_all_the_same(built: Home) -> None:
    months = {row["device_code"]: row for row in rows_of(built, "gold.device_month")}
    assert {code: (row["days_silent"], row["hours_due"], row["hours_received"]) for code, row in months.items()} == {
        "always": (0, 96, 96),
        "a day late": (0, 72, 72),
        "silent for two days": (2, 96, 48),
        "never": (4, 4 * 24 * 2, 0),
        "every four hours": (0, 24, 24),
        "still": (0, 96, 96),
    }
    assert months["silent for two days"]["online_share"] == Decimal("0.5")
    [year] = [
        row
        for row in rows_of(built, "gold.indicator")
        if (row["indicator"], row["period_kind"], row["is_total"]) == ("device_online_rate", "year", True)
    ]
    assert (year["numerator"], year["denominator"]) == (336, 576)


def test_a_spell_is_one_alarm_with_the_gravest_level_that_a_rule_gives(built: Home) -> None:
    spells = sorted(rows_of(built, "gold.device_spell"), key=lambda row: (row["device_code"], row["started_at"]))
    assert [(row["device_code"], row["hours"], row["alarm_level"], row["alarm_no"]) for row in spells] == [
        ("always", 3, "2", "1"),
        ("always", 1, "3", None),
        ("always", 1, "2", None),
        ("always", 12, "1", None),
        ("still", 72, "1", None),
    ]
    assert (spells[-1]["spell_kind"], spells[-1]["started_at"]) == ("2", DAY)


def test_every_rule_of_alarms_measures_something_that_spells_have() -> None:
    measured = {code.extra["measured"] for code in code_list("alarm_rule")}
    assert measured == {"hours_above", "multiple", "still_hours"}


def test_an_alarm_is_open_until_somebody_disposes_of_it(built: Home) -> None:
    assert {row["alarm_no"]: row["is_open"] for row in rows_of(built, "gold.alarm_state")} == {"1": False, "2": True}
