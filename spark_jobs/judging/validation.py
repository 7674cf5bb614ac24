"""Verdicts that were applied flow in; those of Great Expectations flow out, and stop the run where they are others.

A delivery is settled by its contract's bounds at once. What Great Expectations, made of the same bounds, says of its
figures is found out in a process of its own while base is being built, and must be known before anything is published.
That process stays as long as this one: to import Great Expectations takes six times as long as to judge a delivery.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import pyarrow as pa

from expectations.verdict import Verdict
from schemas.contract import FeedContract, contracts, departments
from spark_jobs.judging.figures import Figures
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import LOCAL, Home, now
from spark_jobs.lake.ledger import Delivery
from spark_jobs.lake.tables import append, take_back
from spark_jobs.lake.whole import write_whole


class ValidationFailed(Exception):
    """Great Expectations could not answer, or not as the deliveries were settled; the message says what to do."""


@dataclass(frozen=True)
class _Gate:
    """The process, by which declarations it judges, and where it writes what goes wrong."""

    process: subprocess.Popen[str]
    declared: str
    log: Path

    @property
    def is_of_use(self) -> bool:
        return self.process.poll() is None and self.declared == declared()


# The one that runs, if any.
_gates: list[_Gate] = []
_using = Lock()
_asked: dict[Home, Future[dict[Path, list[Verdict]]]] = {}

# What Great Expectations is told of what was left; deliveries are missing where an earlier version left it.
ASKED = ("feed", "profiles", "deliveries")


def leave_to_validate(
    home: Home,
    contract: FeedContract,
    deliveries: Sequence[Delivery],
    figures: Mapping[str, Figures],
    applied: list[Verdict],
) -> None:
    """Keeps what was decided of deliveries of a feed, and by which figures, until it is validated."""
    names = sorted({verdict.figure for verdict in applied})
    profiles = [{"_delivery": name, **{key: counted[key] for key in names}} for name, counted in figures.items()]
    _folder(home).mkdir(parents=True, exist_ok=True)
    left = {
        "feed": contract.name,
        "received_at": sorted(delivery.received_at.isoformat() for delivery in deliveries),
        "profiles": profiles,
        "deliveries": {delivery.delivery: _told(delivery) for delivery in deliveries},
        "applied": [asdict(verdict) for verdict in applied],
    }
    write_whole(_folder(home) / f"{uuid4()}.json", json.dumps(left))


def _told(delivery: Delivery) -> dict[str, str]:
    """What the Data Docs call it."""
    title = departments()[delivery.department].label if delivery.department in departments() else delivery.department
    received = f"{delivery.received_at.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"
    return {"department": title, "file": delivery.file_name, "received": received}


def warm_up(home: Home) -> None:
    """Starts the process ahead of time."""
    with _using:
        _gate(home)


def _gate(home: Home) -> _Gate:
    """The process that runs, else a new one that logs in this home."""
    if _gates and not _gates[-1].is_of_use:
        _stop(_gates.pop().process)
    if not _gates:
        _gates.append(_start(home))
    return _gates[-1]


def _stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    atexit.unregister(process.kill)


def begin(home: Home) -> None:
    """Lets Great Expectations, where it was started ahead of time, validate beside what this process does meanwhile."""
    if earlier := _asked.pop(home, None):
        wait([earlier])  # of a run that went no further; its verdicts are asked for once more
    if _gates and (left := _left(home)):
        _asked[home] = ThreadPoolExecutor(1).submit(_validated, home, left)


def validate(home: Home) -> int:
    """Writes the verdicts on all that was left to validate to `ops.expectation`; returns how many there are.

    Raises ValidationFailed, naming delivery and expectation, where one is not the verdict that was applied.
    """
    begun = _asked.pop(home, None)
    found = begun.result() if begun else {}
    left = _left(home)
    found |= _validated(home, {path: said for path, said in left.items() if path not in found})
    for path, said in left.items():
        _compare(home, [Verdict(**verdict) for verdict in said["applied"]], found[path])
    if left:
        _write(home, left, found)
    for path in left:
        path.unlink()
    return sum(len(found[path]) for path in left)


def _start(home: Home) -> _Gate:
    home.logs.mkdir(parents=True, exist_ok=True)
    log = home.logs / "quality.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "expectations.gate"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            encoding="utf-8",
        )
    atexit.register(process.kill)
    return _Gate(process, declared(), log)


def _folder(home: Home) -> Path:
    return home.state / "to_validate"


def _left(home: Home) -> dict[Path, dict[str, Any]]:
    """What was left to validate, by its file, in the order in which it was left."""
    files = sorted(_folder(home).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return {path: json.loads(path.read_bytes()) for path in files}


def _validated(home: Home, left: Mapping[Path, dict[str, Any]]) -> dict[Path, list[Verdict]]:
    """The verdicts by file; renders the Data Docs at the end."""
    if not left:
        return {}
    asked = {
        "folder": str(home.state / "quality"),
        "docs": str(home.docs / "quality"),
        "feeds": [{key: said[key] for key in ASKED if key in said} for said in left.values()],
    }
    with _using:
        answers = _answer(_gate(home), json.dumps(asked))
    return {path: [Verdict(**verdict) for verdict in verdicts] for path, verdicts in zip(left, answers, strict=True)}


def _answer(gate: _Gate, question: str) -> list[list[dict[str, Any]]]:
    """What the process answers; raises ValidationFailed where it ends instead."""
    assert gate.process.stdin
    assert gate.process.stdout
    with suppress(BrokenPipeError):
        gate.process.stdin.write(f"{question}\n")
        gate.process.stdin.flush()
    answer = gate.process.stdout.readline()
    if not answer.endswith("\n"):
        _stop(gate.process)
        log = "\n".join(gate.log.read_text().splitlines()[-15:]) if gate.log.exists() else ""
        raise ValidationFailed(f"Great Expectations gave no answer; see {gate.log}\n{log}")
    answers: list[list[dict[str, Any]]] = json.loads(answer)
    return answers


def _compare(home: Home, applied: list[Verdict], validated: list[Verdict]) -> None:
    said = {(verdict.delivery, verdict.figure): verdict for verdict in validated}
    for verdict in applied:
        other = said.get((verdict.delivery, verdict.figure))
        if other != verdict:
            raise ValidationFailed(
                f"delivery {verdict.delivery[:12]}, expectation {verdict.figure}: settled as {_shown(verdict)}, but "
                f"Great Expectations finds {_shown(other) if other else 'nothing'}; nothing is published until they "
                f"agree: report it with the files in {_folder(home)}"
            )


def _shown(verdict: Verdict) -> str:
    met = "met" if verdict.is_met else "not met"
    return f"{met} ({verdict.observed} in {verdict.minimum} to {verdict.maximum})"


def _write(home: Home, left: Mapping[Path, dict[str, Any]], found: Mapping[Path, list[Verdict]]) -> None:
    """Writes the verdicts on all that was left, in the place of those on the same deliveries."""
    received = [datetime.fromisoformat(moment) for said in left.values() for moment in said["received_at"]]
    # Never before the receipt, which a clock that was set back does not change: what is taken back is found by it.
    moment = max(now(), *received)
    # What a killed run left is left again by the next.
    rows: dict[tuple[str, str], dict[str, Any]] = {
        (one.delivery, one.figure): asdict(one)
        | {"_delivery": one.delivery, "feed": said["feed"], "expectation": one.figure, "judged_at": moment}
        for path, said in left.items()
        for one in found[path]
    }
    table = home.table("ops", "expectation")
    take_back(table, {delivery for delivery, _ in rows}, "judged_at", min(received))
    append(table, pa.Table.from_pylist([*rows.values()], schema=table_schema(contracts()["ops.expectation"])))
