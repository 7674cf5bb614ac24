"""The environment flows in; Refused, with what to write instead, flows out where a setting cannot be meant."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import date, datetime

from schemas.folders import misnamed
from spark_jobs.lake.home import Refused


def _seconds(text: str) -> bool:
    seconds = float(text)
    return math.isfinite(seconds) and seconds >= 0


def _moment(text: str) -> bool:
    return bool(datetime.fromisoformat(text))


def _day(text: str) -> bool:
    return bool(date.fromisoformat(text))


# How each is read where it is used, and how it is written.
READ: dict[str, tuple[Callable[[str], bool], str]] = {
    "LAKEWARDEN_QUIET": (_seconds, "seconds, for example 2"),
    "LAKEWARDEN_TODAY": (_day, "a day, for example 2026-03-31"),
    "LAKEWARDEN_NOW": (_moment, "a moment, for example 2026-03-31T08:00:00+08:00"),
}


def check_settings() -> None:
    """Raises Refused for the first setting that says nothing, before anything is done by it."""
    for name, (is_understood, written) in READ.items():
        text = os.environ.get(name)
        if text and not _holds(is_understood, text):
            raise Refused(f"{name}: {text!r} is not {written}")
    if wrong := misnamed():
        raise Refused(wrong[0])


def _holds(is_understood: Callable[[str], bool], text: str) -> bool:
    try:
        return is_understood(text)
    except ValueError:
        return False
