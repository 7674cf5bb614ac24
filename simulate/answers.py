"""Packages of clues in the outbox flow in; what departments answer by a day flows out, as files in their landing zone.

They fill in the files that came with the package, as people would: a receipt, and feedback some working days later.
What is answered, when, and by whom not at all follows from the clue's number, so the same clue has the same answers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np

from schemas.contract import departments
from simulate.word_lists import random_for

# Working days from sending to the receipt, and to the first feedback; None: never.
RECEIVED: dict[int | None, float] = {0: 0.80, 1: 0.10, 4: 0.05, None: 0.05}
ANSWERED: dict[int | None, float] = {0: 0.35, 1: 0.15, 2: 0.10, 3: 0.10, 5: 0.10, 8: 0.08, None: 0.12}
FOUND = {"属实已处置": 0.42, "属实处置中": 0.20, "不属实": 0.24, "重复": 0.06, "退回": 0.08}
FINISHED_AFTER = 5  # working days from 属实处置中 to 属实已处置
WORDS = {
    "属实已处置": "现场核查属实，已责令改正",
    "属实处置中": "现场核查属实，已立案调查",
    "不属实": "现场核查未发现所反映的问题",
    "重复": "与已下发线索重复",
    "退回": "不属于本部门职责",
}
Cells = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """A filled row of a file that came with a package, and the day on which it is dropped."""

    department: str
    feed: str
    day: date
    cells: Cells


def write_answers(outbox: Path, landing: Path, day: date, state: Path) -> int:
    """Writes what is answered by the day and was not written before, as `state` remembers; returns how many rows."""
    known: dict[str, str] = json.loads(state.read_text("utf-8")) if state.exists() else {}
    written = 0
    for package in sorted(outbox.glob("*/clues/[!.]*")):
        since = date.fromisoformat(known.get(package.name, "0001-01-01"))
        by_feed: dict[str, list[Answer]] = {}
        for answer in answers(package):
            if since < answer.day <= day:
                by_feed.setdefault(answer.feed, []).append(answer)
        for feed, some in by_feed.items():
            folder = landing / some[0].department / feed
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{feed}_{day:%Y%m%d}_{package.name}.csv").write_text(
                _table([one.cells for one in some]), "utf-8"
            )
            written += len(some)
        known[package.name] = str(day)
    state.write_text(json.dumps(known), "utf-8")
    return written


def answers(package: Path) -> Iterator[Answer]:
    """Everything that a department will ever say of a package."""
    envelope = json.loads((package / "envelope.json").read_text("utf-8"))
    department, sent = envelope["接收部门简称"], date.fromisoformat(envelope["下发日期"])
    rng = random_for(0, "receipt", package.name)
    if (days := _drawn(rng, RECEIVED)) is not None:
        received = _working_days_after(sent, days)
        [cells] = _rows(package / "clue_receipt.csv")
        who = {"签收日期": str(received), "签收单位": departments()[department].title}
        yield Answer(department, "clue_receipt", received, cells | who)
    for cells in _rows(package / "clue_feedback.csv"):
        yield from _feedback(department, sent, cells)


def _feedback(department: str, sent: date, cells: Cells) -> Iterator[Answer]:
    rng = random_for(0, "feedback", department, cells["反馈编号"])
    days, found = _drawn(rng, ANSWERED), _drawn(rng, FOUND)
    if days is None:
        return
    told = _working_days_after(sent, days)
    said = {
        "反馈结果": found,
        "反馈日期": str(told),
        "核查处置情况": WORDS[found],
        "核查单位": departments()[department].title,
    }
    if found == "退回":
        others = [name for name in ("scjg", "yjj", "yjgl", "sthj", "wjw") if name != department]
        said["应由部门"] = str(rng.choice(others))
    yield Answer(department, "clue_feedback", told, cells | said)
    if found == "属实处置中":
        done = _working_days_after(told, FINISHED_AFTER)
        later = {"反馈编号": f"{cells['反馈编号']}-2", "反馈结果": "属实已处置", "反馈日期": str(done)}
        yield Answer(department, "clue_feedback", done, cells | said | later | {"核查处置情况": WORDS["属实已处置"]})


def _drawn(rng: np.random.Generator, shares: Mapping[T, float]) -> T:
    names = [*shares]
    return names[int(rng.choice(len(names), p=[*shares.values()]))]


def _working_days_after(day: date, count: int) -> date:
    """Weekdays stand for working days here: what falls on a holiday comes a few days early, as people do."""
    while count:
        day += timedelta(1)
        count -= day.weekday() < 5
    return day


def _rows(path: Path) -> list[Cells]:
    return [*csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))]


def _table(rows: list[Cells]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0]])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
