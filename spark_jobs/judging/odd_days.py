"""A date or a moment flows in that is not written as most are; its usual spelling flows out, or None.

2026年11月2日（星期一）上午9时, 2026/11/2 3:30 PM, 2026-11-02 09:30 GMT+8: what nobody reads in two ways.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

DASHES = "-‐‑‒–—―−"
_DAY = rf"(?P<year>\d{{4}}) ?[{DASHES}/.年] ?(?P<month>\d{{1,2}}) ?[{DASHES}/.月] ?(?P<day>\d{{1,2}}) ?[日号]?"
_WEEKDAY = r" ?[(（]?(?:(?:星期|周)(?P<weekday>[一二三四五六日天]))?[)）]?"
_HALF = "上午|下午|凌晨|早上|晚上|AM|PM"
_CLOCK = (
    rf"[T ]? ?(?P<half>{_HALF})? ?(?P<hour>\d{{1,2}}) ?(?:[时点]整?|[:时点] ?(?P<minute>\d{{1,2}})"
    rf" ?(?:[:分] ?(?P<second>\d{{1,2}}(?:[.,]\d{{1,9}})?)?)? ?秒?) ?(?P<after>AM|PM)?"
)
_ZONE = r" ?(?P<zone>Z|(?:GMT|UTC)(?: ?[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}(?::?\d{2})?)?(?:\[[A-Za-z]+/[A-Za-z_]+\])?"
_MOMENT = re.compile(rf"{_DAY}{_WEEKDAY}(?:{_CLOCK}{_ZONE})?", re.IGNORECASE | re.ASCII)
_STRANGE_ZONE = re.compile(
    rf"(?:{_DAY}{_CLOCK}|\d{{14}}) ?[(（\[]?(?:[A-Z]{{2,5}}|[+-]\d{{1,2}}|[A-Z]+/[A-Z_]+)[)）\]]?",
    re.IGNORECASE | re.ASCII,
)
_WEEKDAYS = "一二三四五六日"
# Days since the last but one of 1899, as spreadsheets count: of 1950 to 2099. Those like 20261 may be half a date.
SERIAL_DIGITS = 5
SERIAL = "^([1-7][0-9]{4})(?:[.]([0-9]{1,12}))?$"
_SERIAL = re.compile(SERIAL)
_FIRST, _LAST, _HALF_DATES = 18_264, 73_050, range(19_900, 20_400)


def usual(cell: str) -> str | None:
    """The moment as 2026-11-02 or 2026-11-02 09:30:00+08:00."""
    found = _MOMENT.fullmatch(" ".join(cell.split()))
    if found is None or not _is_weekday(found):
        return None
    day = f"{found['year']}-{found['month']}-{found['day']}"
    if not found["hour"]:
        return day
    hour = _hour(int(found["hour"]), (found["half"] or found["after"] or "").upper())
    if hour is None or (found["half"] and found["after"]):
        return None
    return f"{day} {hour}:{found['minute'] or 0}:{found['second'] or 0}{_zone(found['zone'] or '')}"


def is_strange_zone(cell: str) -> bool:
    """Whether a moment would be read, but for the zone behind it: CST is that of Shanghai and that of Chicago."""
    return _STRANGE_ZONE.fullmatch(" ".join(cell.split())) is not None


def of_serial(cell: str) -> datetime | None:
    """The moment in China that a spreadsheet's number of a day stands for, to the second."""
    found = _SERIAL.match(cell)
    if found is None or not _FIRST <= int(found[1]) <= _LAST or int(found[1]) in _HALF_DATES:
        return None
    seconds = round(float(f"0.{found[2]}") * 86_400) if found[2] else 0
    return datetime(1899, 12, 30) + timedelta(days=int(found[1]), seconds=seconds)


def _is_weekday(found: re.Match[str]) -> bool:
    """Whether the day of the week that is written, if any, is that of the date."""
    if not found["weekday"]:
        return True
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return False
    return _WEEKDAYS[day.weekday()] == found["weekday"].replace("天", "日")


def _hour(hour: int, half: str) -> int | None:
    """The hour of 24; None where it does not go with its half of the day: 上午12时 is noon, or midnight."""
    if half in ("AM", "PM"):
        return hour % 12 + 12 * (half == "PM") if 1 <= hour <= 12 else None
    if half in ("下午", "晚上"):
        return hour if 12 < hour < 24 or (hour == 12 and half == "下午") else hour + 12 if 1 <= hour < 12 else None
    return hour if not half or hour < 12 else None


def _zone(written: str) -> str:
    zone = re.sub("GMT|UTC| ", "", written.upper())
    if not zone:
        return "Z" if written else ""
    if zone == "Z":
        return zone
    hours, minutes = re.fullmatch(r"(\d{1,2}):?(\d{2})?", zone[1:]).groups()  # type: ignore[union-attr]
    return f"{zone[0]}{hours:0>2}:{minutes or '00'}"
