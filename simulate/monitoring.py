"""Firms flow in; the devices that watch them, their limits, their hourly readings and the alarms flow out.

`monitoring.csv` says by department what kinds of devices there are, at what points, and what usually is read there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from schemas.contract import Strict
from simulate.firms import Period
from simulate.marks import SPARE
from simulate.word_lists import Array, Table, Words, industries, read_rows, texts

Number = Annotated[float | None, BeforeValidator(lambda text: text or None)]

SHARE, FEWEST, MOST = 0.02, 2, 16  # of the firms that a department's devices may watch
DAYS = 120  # before its last day a period has no readings: the departments' platforms keep what is older
HOUR = np.timedelta64(1, "h")
SWING = 0.1  # by which the afternoon is above the day's mean
LOST, OUTAGES = 0.006, 0.05  # of the hours, those that never came; of the days, those with hours without any
FLAGS = {"M": 0.004, "C": 0.004, "D": 0.002, "B": 0.002, "S": 0.003}
STOPPED, STUCK = 0.12, 0.08  # of the devices, those with days without production, and with one value for days
STUCK_HOURS = (74, 110)
SPELLS_A_MONTH = (0.2, 5)  # above the limit: of any firm, and more by its risk
LEVELS = ((12, "1"), (3, "2"), (0, "3"))  # alarms by their hours: from twelve red, from three orange, else yellow
EVENTS = {"level": "01", "pressure": "01", "temperature": "01", "speed": "06"}


class Watched(Strict):
    """One indicator of one kind of device at one kind of point; limits are bounds of the unit's own."""

    department: str
    device_class: str
    protocol: str
    point_name: str
    industries: Words
    indicator_code: str
    indicator_name: str
    unit: str
    low: Number
    high: Number
    usual: float
    spread: float
    threshold_kind: str
    basis: str


@cache
def _points(department: str) -> tuple[tuple[Watched, ...], ...]:
    """The kinds of points that a department watches, each with its indicators."""
    own = [row for row in read_rows("monitoring.csv", Watched) if row.department == department]
    return tuple(tuple(rows) for _, rows in groupby(own, key=lambda row: (row.device_class, row.point_name)))


@dataclass(frozen=True)
class Devices:
    """A department's devices as a table, and for each its kind of point."""

    table: Table
    points: tuple[tuple[Watched, ...], ...]


def make_devices(department: str, firms: Table, there: Array, period: Period, rng: np.random.Generator) -> Devices:
    """Devices at some of the firms whose industry has such points, there since before the first reading."""
    points, firm = [], []
    for point in _points(department):
        codes = np.array([industries()[kind].code[:2] for kind in firms["industry"][there]])
        fitting = there[np.isin(codes, point[0].industries)]
        wanted = int(np.clip(round(SHARE * len(firms["uscc"])), FEWEST, MOST)) // len(_points(department)) + 1
        chosen = rng.choice(fitting, min(wanted, len(fitting)), replace=False) if len(fitting) else fitting
        firm.extend(chosen.tolist())
        points.extend([point] * len(chosen))
    count = len(firm)
    installed = first_day(period) - rng.integers(0, 20, count).astype("timedelta64[D]")
    regions = firms["region_code"][np.array(firm, int)]
    table: Table = {
        "firm": np.array(firm, int),
        "device_code": texts([f"{region}{number:08d}" for number, region in enumerate(regions, 1)]),
        "monitor_device_class": texts([point[0].device_class for point in points]),
        "monitor_protocol": texts([point[0].protocol for point in points]),
        "point_name": texts([point[0].point_name for point in points]),
        "plate_no": texts([_plate(rng) if point[0].device_class == "VG" else "" for point in points]),
        "installed_date": installed,
        "accepted_date": installed,
        "retired_date": np.full(count, "NaT", "datetime64[D]"),
        "report_period_s": np.full(count, 3600.0),
        "due_hours": np.full(count, 24.0),
        "device_status": np.full(count, "1", dtype=object),
        SPARE: np.zeros(count, bool),
    }
    return Devices(table, tuple(points))


def _plate(rng: np.random.Generator) -> str:
    return f"鄂{rng.choice(list('ACDEFGHJ'))}{rng.integers(10000, 99999)}"


def first_day(period: Period) -> np.datetime64:
    """The first day of which there are readings."""
    return max(period.first, period.last - (DAYS - 1))


def make_limits(devices: Devices) -> Table:
    """What each device measures, and what it may be at most, since the device was there."""
    rows = [(number, row) for number, point in enumerate(devices.points) for row in point]
    of = np.array([number for number, _ in rows], int)
    return {
        "firm": devices.table["firm"][of],
        "device_code": devices.table["device_code"][of],
        "indicator_code": texts([row.indicator_code for _, row in rows]),
        "indicator_name": texts([row.indicator_name for _, row in rows]),
        "unit": texts([row.unit for _, row in rows]),
        "threshold_low": _numbers([row.low for _, row in rows]),
        "threshold_high": _numbers([row.high for _, row in rows]),
        "threshold_kind": texts([row.threshold_kind for _, row in rows]),
        "threshold_basis": texts([row.basis for _, row in rows]),
        "is_key_indicator": np.full(len(rows), "1", dtype=object),
        "valid_from": devices.table["installed_date"][of],
        "valid_to": np.full(len(rows), "NaT", "datetime64[D]"),
        SPARE: np.zeros(len(rows), bool),
    }


def _numbers(values: list[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values])


def make_readings(devices: Devices, firms: Table, period: Period, rng: np.random.Generator) -> Table:
    """A row an hour, device and indicator; some hours never came, some carry a flag, some are above the limit."""
    hours = np.arange(first_day(period).astype("datetime64[h]"), (period.last + 1).astype("datetime64[h]"), HOUR)
    made = list(_of_devices(devices, firms, hours, rng))
    return {name: np.concatenate([table[name] for table in made]) for name in made[0]} if made else {}


def _of_devices(devices: Devices, firms: Table, hours: Array, rng: np.random.Generator) -> Iterator[Table]:
    for number, point in enumerate(devices.points):
        firm = int(devices.table["firm"][number])
        came = _came(len(hours), rng)
        validity = rng.choice(["V", *FLAGS], len(hours), p=[1 - sum(FLAGS.values()), *FLAGS.values()]).astype(object)
        if rng.random() < STOPPED:
            start = int(rng.integers(0, len(hours)))
            validity[start : start + 24 * int(rng.integers(2, 6))] = "F"
        for row in point:
            values = _course(row, hours, float(firms["risk"][firm]), rng)
            is_empty = np.isin(validity, ["B", "D"])
            count = int(came.sum())
            yield {
                "firm": np.full(count, firm),
                "device_code": np.full(count, devices.table["device_code"][number], dtype=object),
                "indicator_code": np.full(count, row.indicator_code, dtype=object),
                "reading_period": np.full(count, "H", dtype=object),
                "reading_time": hours[came].astype("datetime64[s]"),
                "reading_day": hours[came].astype("datetime64[D]"),
                "reading_value": np.where(is_empty, np.nan, values)[came],
                "reading_min": np.where(is_empty, np.nan, np.round(values * 0.93, 3))[came],
                "reading_max": np.where(is_empty, np.nan, np.round(values * 1.06, 3))[came],
                "reading_sum": np.full(count, np.nan),
                "reading_adjusted": np.full(count, np.nan),
                "unit": np.full(count, row.unit, dtype=object),
                "validity": validity[came],
                "threshold_low": np.full(count, np.nan if row.low is None else row.low),
                "threshold_high": np.full(count, np.nan if row.high is None else row.high),
            }


def _came(count: int, rng: np.random.Generator) -> Array:
    """Which hours came: a few are lost, and on some days the line was down for hours."""
    came: Array = rng.random(count) >= LOST
    for day in np.flatnonzero(rng.random(count // 24) < OUTAGES):
        start = int(day) * 24 + int(rng.integers(0, 24))
        came[start : start + int(rng.integers(2, 14))] = False
    return came


def _course(row: Watched, hours: Array, risk: float, rng: np.random.Generator) -> Array:
    """Values around the usual one, higher in the afternoon; in spells above the limit, seldom stuck for days."""
    clock = (hours - hours.astype("datetime64[D]")).astype(int)
    drift = np.convolve(rng.normal(0, 1, len(hours) + 5), np.full(6, 6**-0.5), "valid")
    swing = 1 + SWING * np.sin((clock - 8) / 24 * 2 * np.pi) * (row.low is None)
    values = row.usual * swing * np.exp(row.spread * 0.6 * drift)
    if row.high is not None and row.low is None:
        values = np.minimum(values, row.high * 0.97)
        for _ in range(rng.poisson((SPELLS_A_MONTH[0] + SPELLS_A_MONTH[1] * risk**2) * len(hours) / 720)):
            start, length = int(rng.integers(0, len(hours))), int(rng.geometric(0.3))
            spell = values[start : start + length]
            spell[:] = row.high * rng.uniform(1.04, 1.9) * rng.uniform(0.96, 1.04, len(spell))
    if rng.random() < STUCK:
        start = int(rng.integers(0, len(hours)))
        values[start : start + int(rng.integers(*STUCK_HOURS))] = values[start]
    rounded: Array = np.round(values, 3)
    return rounded


def make_alarms(devices: Devices, readings: Table, period: Period, rng: np.random.Generator) -> Table:
    """One alarm a spell above the limit, where readings come; else a few events that the firms' own systems told."""
    spells = list(_spells(readings)) if readings else list(_events(devices, period, rng))
    device_of = {code: number for number, code in enumerate(devices.table["device_code"])}
    of = np.array([device_of[code] for code, *_ in spells], int)
    begin = np.array([spell[2] for spell in spells], "datetime64[s]")
    end = np.array([spell[3] for spell in spells], "datetime64[s]")
    hours = ((end - begin) / HOUR).astype(int)
    is_open = (begin > (period.last - 20).astype("datetime64[s]")) & (rng.random(len(spells)) < 0.3)
    disposal = rng.choice(np.array(["1", "2", "3", "4"], object), len(spells), p=[0.2, 0.6, 0.12, 0.08])
    confirmed = begin + rng.integers(300, 5400, len(spells)).astype("timedelta64[s]")
    return {
        "firm": devices.table["firm"][of],
        "device_code": devices.table["device_code"][of],
        "alarm_no": texts(
            [
                f"{code}{str(at).replace('-', '')[:11].replace('T', '')}{n:05d}"
                for n, (code, at) in enumerate(zip(devices.table["device_code"][of], begin, strict=True))
            ]
        ),
        "indicator_code": texts([spell[1] for spell in spells]),
        "alarm_kind": texts([EVENTS.get(spell[1], "01") for spell in spells]),
        "alarm_level": texts([next(level for least, level in LEVELS if count >= least) for count in hours]),
        "started_at": begin,
        "ended_at": end,
        "alarm_day": end.astype("datetime64[D]"),
        "alarm_value": np.array([spell[4] for spell in spells], float),
        "alarm_threshold": np.array([spell[5] for spell in spells], float),
        "confirmed_at": np.where(is_open, np.datetime64("NaT"), confirmed).astype("datetime64[s]"),
        "alarm_cause": rng.choice(np.array(["1", "2", "3", "9"], object), len(spells), p=[0.6, 0.25, 0.1, 0.05]),
        "alarm_disposal": np.where(is_open, "0", disposal).astype(object),
        SPARE: np.zeros(len(spells), bool),
    }


Spell = tuple[str, str, Any, Any, float, float]


def _spells(readings: Table) -> Iterator[Spell]:
    """Valid hours above the limit that follow each other: device, indicator, from, until, highest value, limit."""
    over = (readings["validity"] == "V") & (readings["reading_value"] > readings["threshold_high"])
    rows = np.flatnonzero(over)
    for spell in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if len(spell):
            first = spell[0]
            yield (
                readings["device_code"][first],
                readings["indicator_code"][first],
                readings["reading_time"][first],
                readings["reading_time"][spell[-1]] + np.timedelta64(3599, "s"),
                float(readings["reading_value"][spell].max()),
                float(readings["threshold_high"][first]),
            )


def _events(devices: Devices, period: Period, rng: np.random.Generator) -> Iterator[Spell]:
    """A few a device and month, an hour or two long."""
    start = first_day(period)
    days = (period.last - start).astype(int)
    for number, point in enumerate(devices.points):
        for _ in range(rng.poisson(0.8 * days / 30)):
            row = point[int(rng.integers(len(point)))]
            begin = start.astype("datetime64[s]") + np.timedelta64(int(rng.integers(0, days * 86400)), "s")
            until = begin + np.timedelta64(int(rng.integers(120, 7000)), "s")
            high = row.high or row.usual
            device = devices.table["device_code"][number]
            yield device, row.indicator_code, begin, until, round(high * rng.uniform(1.02, 1.4), 2), high
