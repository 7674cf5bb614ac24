"""A cell's value flows in; the text that the person who typed it meant flows out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

FIRST_LOST = 10**15


def cell_text(cell: object) -> str:
    """A cell as it is meant: whole numbers without `.0`, dates without midnight, no more digits than Excel has."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return _moment(cell)
    if isinstance(cell, dt.time):
        return _moment(dt.datetime.combine(dt.date(1900, 1, 1), cell))[11:] or "00:00:00"
    if isinstance(cell, dt.timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(cell)


def _number(number: float) -> str:
    if number.is_integer() and abs(number) < FIRST_LOST:
        return str(int(number))
    return format(Decimal(f"{number:.15g}"), "f")


def _moment(moment: dt.datetime) -> str:
    """To the second: Excel keeps moments as fractions of a day, which hit no second exactly."""
    near = moment + dt.timedelta(milliseconds=500) if moment.year < dt.MAXYEAR else moment
    near = near.replace(microsecond=0)
    return near.date().isoformat() if near.time() == dt.time() else near.isoformat(" ")
