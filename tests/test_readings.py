"""Readings lie by days: a day's rows, late ones too, write the days that they speak of again, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from schemas.contract import contracts
from schemas.contract.lint import lint
from spark_jobs.building.base import build_base
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read, version
from spark_jobs.lake.upkeep import FEWEST, keep_up
from tests.silver_rows import Row, deliver, lake

DAY = datetime(2026, 1, 5, tzinfo=UTC) - timedelta(hours=8)  # as it begins in China
TABLES = ("reading", "reading_day")
CORRECTED = datetime(2026, 1, 20, tzinfo=UTC)


def _reading(hour: int, value: float | None, validity: str = "V", **rest: Any) -> Row:
    moment = {"reading_period": "H", "reading_time": DAY + timedelta(hours=hour)}
    said = {"unit": "mg/L", "device_flag": "N", "validity": validity, "threshold_high": Decimal(50)}
    stated = {"reading_value": None if value is None else Decimal(str(value))}
    return {"device_code": "HB1", "indicator_code": "w01018", **moment, **said, **stated, **rest}


def _rows(home: Home, table: str) -> list[Row]:
    rows = read(home.table("base", table)).to_pylist()
    return sorted(
        rows, key=lambda row: (row["department"], row["device_code"], row["reading_date"], str(row.get("reading_time")))
    )


def _files(home: Home, table: str) -> dict[date, set[str]]:
    """The files of a table by the day whose rows they hold."""
    found: dict[date, set[str]] = {}
    actions = pa.table(DeltaTable(home.table("base", table)).get_add_actions(flatten=True))
    for row in actions.select(["path", "partition.reading_date"]).to_pylist():
        found.setdefault(row["partition.reading_date"], set()).add(row["path"])
    return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with lake(tmp_path / "lake") as made:
        yield made


def test_a_reading_belongs_to_the_day_in_china(home: Home) -> None:
    deliver(home, "reading", "sthj", "2026-01-07", [_reading(0, 1), _reading(23, 2), _reading(24, 3)])
    build_base(home)
    days = [(row["reading_time"].hour, row["reading_date"]) for row in _rows(home, "reading")]
    assert days == [(16, date(2026, 1, 5)), (15, date(2026, 1, 5)), (16, date(2026, 1, 6))]


def test_a_late_correction_writes_its_own_day_again_and_no_other(home: Home) -> None:
    for day in range(6):
        readings = [_reading(24 * day + hour, hour) for hour in range(24)]
        deliver(home, "reading", "sthj", f"2026-01-{day + 6:02d}", readings)
        build_base(home)
    before = {table: _files(home, table) for table in TABLES}
    deliver(home, "reading", "sthj", "2026-01-20", [_reading(24 * 2 + 7, 99, "S")])
    assert build_base(home).figures["rows"] == 1
    for table in TABLES:
        after = _files(home, table)
        assert {day for day in after if after[day] != before[table][day]} == {date(2026, 1, 7)}
    corrected = [row for row in _rows(home, "reading") if row["validity"] == "S"]
    assert [(row["reading_value"], row["reading_date"]) for row in corrected] == [(99, date(2026, 1, 7))]
    assert len(_rows(home, "reading")) == 6 * 24
    assert {row["reading_date"]: row["day_max"] for row in _rows(home, "reading_day")}[date(2026, 1, 7)] == 99


def test_a_day_is_summed_up_from_what_its_readings_are_worth(home: Home) -> None:
    readings = [
        *[_reading(hour, 7) for hour in range(4)],
        _reading(4, 500, "M"),  # maintenance: sent, not valid, and the run of sevens ends
        *[_reading(hour, 7) for hour in (5, 6)],
        _reading(9, 60, reading_sum=Decimal("1.5")),  # two hours are missing; above the limit of 50
        _reading(10, 60, "S", reading_sum=Decimal("2.5")),  # a person's word counts for the mean, not against the limit
        *[_reading(hour, None, "F") for hour in (11, 12)],  # production stopped: none was due
        _reading(13, 40, reading_adjusted=Decimal(51)),
    ]
    deliver(home, "reading", "sthj", "2026-01-06", readings)
    build_base(home)
    [day] = _rows(home, "reading_day")
    assert (day["due"], day["received"], day["valid"], day["exceeding"]) == (22, 10, 9, 2)
    assert (day["day_min"], day["day_max"], day["day_sum"]) == (7, 60, 4)
    assert day["day_avg"] == round(Decimal(6 * 7 + 60 + 60 + 40) / 9, 6)
    assert (day["longest_gap_minutes"], day["longest_run"]) == (180, 4)


def test_what_is_withdrawn_leaves_the_days_sum_and_an_emptied_day_has_none(home: Home) -> None:
    deliver(home, "reading", "sthj", "2026-01-07", [_reading(0, 1), _reading(1, 2), _reading(24, 3)])
    build_base(home)
    gone = {"cd_operation": "D", "cd_time": CORRECTED}
    deliver(home, "reading", "sthj", "2026-01-20", [_reading(0, None, **gone), _reading(24, None, **gone)])
    build_base(home)
    [day] = _rows(home, "reading_day")
    assert (day["reading_date"], day["received"], day["day_avg"]) == (date(2026, 1, 5), 1, 2)
    withdrawn = [row["reading_value"] for row in _rows(home, "reading") if row["withdrawn_at"]]
    assert withdrawn == [1, 3]  # what it said is kept


def test_deliveries_of_several_days_come_to_the_same_in_any_order_built_at_once_or_anew(tmp_path: Path) -> None:
    later, earlier = {"cd_time": CORRECTED}, {"cd_time": CORRECTED - timedelta(days=9)}
    sent = [
        ("2026-01-06", [_reading(0, 1), _reading(1, 2), _reading(26, 3)]),
        ("2026-01-21", [_reading(1, 20, "S", **later), _reading(26, None, cd_operation="D", **later)]),
        ("2026-01-22", [_reading(1, 10, "S", **earlier), _reading(26, 30, **earlier), _reading(50, 4, **earlier)]),
    ]
    endings = []
    for name, order in (("sent", sent), ("backwards", sent[::-1])):
        with lake(tmp_path / name) as home:
            for received, rows in order:
                deliver(home, "reading", "sthj", received, rows)
                assert build_base(home).parked == []
            endings.append({table: _rows(home, table) for table in TABLES})
            if order is sent:
                build_base(home, full=True)
                endings.append({table: _rows(home, table) for table in TABLES})
    assert all(ending == endings[0] for ending in endings)
    values = [(row["reading_value"], row["withdrawn_at"] is None) for row in endings[0]["reading"]]
    assert values == [(1, True), (20, True), (30, False), (4, True)]
    assert [day["reading_date"].day for day in endings[0]["reading_day"]] == [5, 7]


def test_departments_do_not_meet_and_a_resent_day_changes_nothing(home: Home) -> None:
    day = [_reading(hour, hour) for hour in range(24)]
    deliver(home, "reading", "sthj", "2026-01-06", day)
    deliver(home, "reading", "yjgl", "2026-01-06", day)
    build_base(home)
    held = {table: _rows(home, table) for table in TABLES}
    assert {row["department"] for row in held["reading_day"]} == {"sthj", "yjgl"}
    deliver(home, "reading", "sthj", "2026-01-07", day)
    assert build_base(home).parked == []
    versions = {"_version", "_withdrawn_version", "_stated_by", "_withdrawn_by"}
    for table in TABLES:
        again = [{name: cell for name, cell in row.items() if name not in versions} for row in _rows(home, table)]
        assert again == [{name: cell for name, cell in row.items() if name not in versions} for row in held[table]]


def test_files_of_several_days_are_never_made_one(home: Home) -> None:
    deliver(home, "reading", "sthj", "2026-03-01", [_reading(24 * day, day) for day in range(FEWEST + 6)])
    build_base(home)
    path = home.table("base", "reading")
    before = version(path)
    keep_up(home, "base", written={"reading"})
    assert version(path) == before
    assert len(_files(home, "reading")) == FEWEST + 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("partition: device_code", "neither a date of the key nor the day_of one of its moments"),
        ("key: [department, device_code, indicator_code, reading_period]", "neither a date of the key"),
        ("merge: claims", "partition: asks for merge: newest"),
    ],
)
def test_the_lint_says_why_a_table_cannot_lie_by_days(
    change: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [name] = [line.partition(":")[0] for line in [change]]
    lines = contracts()["base.reading"].file.read_text("utf-8").splitlines()
    changed = [change if line.startswith(f"{name}:") else line for line in lines]
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "reading.yaml").write_text("\n".join(changed), "utf-8")
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path))
    contracts.cache_clear()
    found = lint()
    monkeypatch.undo()
    contracts.cache_clear()
    assert any(said in sentence for sentence in found), found
