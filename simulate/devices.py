"""Firms flow in; the devices that watch some of them, with limits, hourly readings and alarms, flow out as tables.

Most hours come and keep the limit. Planted: spells above it of one to thirteen hours, one of twice the limit, a value
that stands still for days, days without a word, and a device that never sent anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.firms import Period
from simulate.marks import SPARE
from simulate.word_lists import Array, Row, Table, table_of

TABLES = ("device", "device_limit", "frame", "reading", "station", "alarm")
DEVICES_A_FIRM, FEWEST, MOST = 0.01, 8, 30
HOURS = 35 * 24  # of readings: the last ones of the period
LOST, FLAGGED, SPARE_SHARE, ALARMED = 0.012, 0.01, 0.01, 0.8
# By class: through which feed, how many hours lie between two readings; what it measures, in which unit, what is usual
# and what the limit is, None where there is none.
CLASSES: dict[str, tuple[str, int, tuple[tuple[str, str, float, float | None], ...]]] = {
    "PS": ("frame", 1, (("w01018", "mg/L", 42, 100), ("w21003", "mg/L", 5, 15))),
    "DU": ("reading", 1, (("a34001", "mg/m3", 0.4, 1.0),)),
    "WQ": ("station", 4, (("w21003", "mg/L", 0.4, None), ("w01009", "mg/L", 7.5, None))),
}
MIX = ("PS", "PS", "DU", "PS", "WQ", "PS", "DU", "PS")
NAMES = {"PS": "废水总排口", "DU": "工地出入口", "WQ": "水质监测断面"}
# Spells by the device's place in the list: how long, and how many times the limit.
SPELLS = {0: (13, 1.3), 1: (3, 1.2), 2: (1, 1.5), 3: (2, 2.4), 5: (4, 1.15), 6: (1, 1.1)}
STILL, SILENT, MUTE = 5, (1, 6), 7  # whose value stands still; who is silent for days; who never sent
STILL_HOURS, SILENT_DAYS = 4 * 24, 3


@dataclass(frozen=True)
class Device:
    """A device: its place in the list, its class and code, the firm it watches."""

    place: int
    kind: str
    code: str
    firm: int
    installed: np.datetime64

    @property
    def character(self) -> int:
        """What is planted, by the place in the list."""
        return self.place % len(MIX)


def make_devices(firms: Table, there: Array, period: Period, rng: np.random.Generator) -> dict[str, Table]:
    """The tables by name; `there` are the firms that have been there all the time."""
    count = min(max(FEWEST, round(DEVICES_A_FIRM * len(firms["uscc"]))), MOST, len(there))
    told: dict[str, list[Row]] = {name: [] for name in TABLES}
    for place, firm in enumerate(rng.choice(there, count, replace=False).tolist()):
        kind = MIX[place % len(MIX)]
        code = f"{firms['region_code'][firm]}{kind}{place + 1:06d}"
        installed = period.first - np.timedelta64(int(rng.integers(200, 1500)), "D")
        device = Device(place, kind, code, firm, installed)
        told["device"].append(_device(device))
        told["device_limit"] += _limits(device)
        if device.character != MUTE:
            _measure(device, told, period, rng)
    return {name: table_of(_spared(rows, rng)) for name, rows in told.items()}


def _device(device: Device) -> Row:
    _, every, _ = CLASSES[device.kind]
    return {
        "firm": device.firm,
        "device_code": device.code,
        "monitor_device_class": device.kind,
        "monitor_protocol": "",
        "point_name": f"{NAMES[device.kind]}{device.place + 1}号",
        "plate_no": "",
        "maker_name": "示例仪器有限公司",
        "device_model": f"{device.kind}-200",
        "device_serial_no": f"{device.place + 1:08d}",
        "installed_date": device.installed,
        "accepted_date": device.installed + np.timedelta64(30, "D"),
        "retired_date": np.datetime64("NaT", "D"),
        "report_period_s": 3600.0 * every,
        "due_hours": 24.0,
        "device_status": "1",
        SPARE: False,
    }


def _limits(device: Device) -> list[Row]:
    return [
        {
            "firm": device.firm,
            "device_code": device.code,
            "indicator_code": indicator,
            "unit": unit,
            "threshold_low": np.nan,
            "threshold_high": limit or np.nan,
            "threshold_kind": "01" if limit else "99",
            "threshold_basis": "排污许可证" if limit else "",
            "is_key_indicator": "1",
            "valid_from": device.installed,
            "valid_to": np.datetime64("NaT", "D"),
        }
        for indicator, unit, _, limit in CLASSES[device.kind][2]
    ]


def _measure(device: Device, told: dict[str, list[Row]], period: Period, rng: np.random.Generator) -> None:
    """The device's hours into its feed's table, and alarms about its spells and silence."""
    feed, every, indicators = CLASSES[device.kind]
    count = min(HOURS, period.days * 24)
    hours = np.arange(count // every) * every
    first = (period.last + 1).astype("datetime64[h]") - count
    silent_from = count // 2 if device.character in SILENT else count
    is_silent = (hours >= silent_from) & (hours < silent_from + 24 * SILENT_DAYS)
    for number, (indicator, unit, usual, limit) in enumerate(indicators):
        daily = 1 + 0.15 * np.sin(hours / 24 * 2 * np.pi + device.place)
        values = usual * daily * rng.lognormal(0, 0.12, len(hours))
        spell = SPELLS.get(device.character) if limit and not number else None
        begin = count // 3 + device.place
        if limit and spell:
            above = (hours >= begin) & (hours < begin + spell[0])
            values[above] = limit * spell[1] * rng.uniform(0.97, 1.03, above.sum())
            if rng.random() < ALARMED:
                told["alarm"].append(_alarm(device, indicator, first, begin, spell, limit, rng))
        if device.character == STILL and number:
            still = (hours >= 24) & (hours < 24 + STILL_HOURS)
            values[still] = round(usual, 2)
        is_still = device.character == STILL and number
        comes = ~is_silent & ((rng.random(len(hours)) >= LOST) | bool(is_still))
        flags = np.where(rng.random(len(hours)) < FLAGGED, "M", "V")
        for hour, value, flag in zip(hours[comes], values[comes], flags[comes], strict=True):
            told[feed].append(
                _reading(device, indicator, unit, first + hour, float(value), limit, "V" if is_still else flag)
            )
    if is_silent.any():
        told["alarm"].append(_alarm(device, "", first, silent_from, (24 * SILENT_DAYS, 0), None, rng))


def _reading(
    device: Device, indicator: str, unit: str, at: np.datetime64, value: float, limit: float | None, flag: str
) -> Row:
    return {
        "firm": device.firm,
        "day": at.astype("datetime64[D]"),
        "device_code": device.code,
        "indicator_code": indicator,
        "reading_period": "H",
        "reading_time": at.astype("datetime64[s]"),
        "reading_value": round(value, 3),
        "reading_min": round(value * 0.9, 3),
        "reading_max": round(value * 1.1, 3),
        "reading_sum": np.nan,
        "reading_adjusted": np.nan,
        "unit": unit,
        "validity": str(flag),
        "device_flag": str(flag),
        "threshold_low": np.nan,
        "threshold_high": limit or np.nan,
    }


def _alarm(
    device: Device,
    indicator: str,
    first: np.datetime64,
    begin: int,
    spell: tuple[int, float],
    limit: float | None,
    rng: np.random.Generator,
) -> Row:
    """An alarm of a spell; those of the last device in each round are still open."""
    started = (first + begin).astype("datetime64[s]")
    level = "1" if spell[0] >= 12 and limit else "2" if spell[0] >= 3 or spell[1] >= 2 else "3"
    is_open = bool(rng.random() < 0.4)
    return {
        "firm": device.firm,
        "day": started.astype("datetime64[D]"),
        "alarm_no": f"GJ{device.code}{begin:04d}{indicator[-3:]}",
        "device_code": device.code,
        "indicator_code": indicator,
        "alarm_kind": "01" if limit else "03",
        "alarm_level": level,
        "started_at": started,
        "ended_at": started + np.timedelta64(spell[0], "h"),
        "alarm_value": round(limit * spell[1], 3) if limit else np.nan,
        "alarm_threshold": limit or np.nan,
        "confirmed_at": started + np.timedelta64(int(rng.integers(10, 50)), "m"),
        "confirmed_by": "",
        "alarm_cause": "" if is_open else "1",
        "alarm_disposal": "0" if is_open else "2",
        "check_action_code": "",
        "clue_no": "",
    }


def _spared(rows: list[Row], rng: np.random.Generator) -> list[Row]:
    """A few readings are said to be nobody's, so that they may be spoiled, and no others."""
    if not rows or "reading_time" not in rows[0]:
        return rows
    spare = rng.random(len(rows)) < SPARE_SHARE
    return [{**row, SPARE: bool(is_spare)} for row, is_spare in zip(rows, spare, strict=True)]
