"""A template home flows in; after each seeded kill and one plain run, what is unlike the undisturbed home flows out."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from spark_jobs.lake.home import Home
from tests.crash.alike import differences
from tests.crash.preloaded import Run, Runner
from tests.crash.province import FIRST, SECOND, first_half, second_half

STAGES = ("land", "conform", "base", "themes", "gold", "validate", "publish")
# The first four are what the issue names; over a full turn each stage gets about the share of its commits.
TURN = (
    *("land", "conform", "base", "publish", "land", "conform"),
    *("gold", "land", "conform", "base", "themes", "validate"),
)
# Seconds after which a tiny run must have ended; a machine may be busy.
PATIENCE = 300
DONE = (0, 1)
WRITES, MANY = "writes", 8


class Broken(Exception):
    """A run that nobody disturbed and that failed all the same; the message is what it said."""


@dataclass(frozen=True)
class Moment:
    """When to kill: that far (0 to 1) into the time of a stage, or into all that a run writes (stage `writes`).

    With all its children, or the main process alone.
    """

    stage: str
    far: float
    whole_family: bool


@dataclass(frozen=True)
class Outcome:
    """What came of one kill: where it hit, how long the plain run took, and what is unlike the truth."""

    moment: Moment
    hit: str
    seconds: float
    unlike: list[str]


def moments(count: int, seed: int) -> list[Moment]:
    """Spread evenly over each stage, in a seeded order; a quarter leaves the children alive.

    Of many moments every second is just after some file appeared: between files there is mostly waiting.
    """
    random_ = random.Random(seed)
    by_writes = count // 2 if count >= MANY else 0
    stages = [TURN[number % len(TURN)] for number in range(count - by_writes)] + [WRITES] * by_writes
    chosen = []
    for stage in (*STAGES, WRITES):
        share = stages.count(stage)
        for number in range(share):
            chosen.append(Moment(stage, (number + random_.random()) / share, random_.random() < 0.75))
    random_.shuffle(chosen)
    return chosen


@dataclass
class Trial:
    """A folder with the template and the truth, and a runner for what is done to copies of the template."""

    folder: Path
    runner: Runner
    seconds: dict[str, float]
    writes: int = 0

    @property
    def template(self) -> Home:
        return Home(self.folder / "template")

    @property
    def truth(self) -> Home:
        return Home(self.folder / "truth")

    @classmethod
    def prepare(cls, folder: Path, runner: Runner, seed: int) -> Trial:
        """Runs the province's first half, drops the second, and runs that once undisturbed."""
        trial = cls(folder, runner, {})
        rest = first_half(trial.template, seed)
        trial.plain(trial.template, FIRST)
        second_half(trial.template, rest)
        _copy(trial.template, trial.truth)
        run = trial.start(trial.truth, SECOND)
        began = time.monotonic()
        for stage in STAGES:
            trial._wait_for(run, stage)
            trial.seconds[stage] = time.monotonic() - began
            began = time.monotonic()
        _check(run)
        trial.writes = len(_files(trial.truth) - _files(trial.template))
        if unlike := differences(trial.truth, trial.truth):
            raise Broken(f"the undisturbed run: {unlike[:5]}")
        return trial

    def start(self, home: Home, environment: dict[str, str]) -> Run:
        """Starts a run of that home."""
        return self.runner.start(home.path, "run", said=home.path.with_suffix(".said"), **environment)

    def plain(self, home: Home, environment: dict[str, str]) -> float:
        """Runs it to its end; returns the seconds."""
        began = time.monotonic()
        _check(self.start(home, environment))
        return time.monotonic() - began

    def kill(self, moment: Moment) -> Outcome:
        """Kills a run of a fresh copy at that moment, runs once more, and compares."""
        home = Home(self.folder / "killed")
        shutil.rmtree(home.path, ignore_errors=True)
        _copy(self.template, home)
        run = self.start(home, SECOND)
        self._wait_until(moment, home, run)
        children = run.kill(moment.whole_family)
        hit = run.words.count("\n")
        try:
            seconds = self.plain(home, SECOND)
        except Broken as broken:
            return Outcome(moment, _stage(hit), 0, [str(broken)])
        return Outcome(moment, _stage(hit), seconds, [*differences(self.truth, home), *_still_there(children)])

    def _wait_until(self, moment: Moment, home: Home, run: Run) -> None:
        if moment.stage == WRITES:
            before, seen = _files(home), set[str]()
            while len(seen) < moment.far * self.writes and run.wait(0) is None:
                seen |= _files(home) - before
            return
        place = STAGES.index(moment.stage)
        if place:
            self._wait_for(run, STAGES[place - 1])
        run.wait(moment.far * self.seconds[moment.stage])

    def _wait_for(self, run: Run, stage: str) -> None:
        until = time.monotonic() + PATIENCE
        while not re.search(rf"^{stage}\s+[\d.]+ s ", run.words, re.MULTILINE):
            if run.wait(0.002) is not None or time.monotonic() > until:
                return


def _files(home: Home) -> set[str]:
    """Every file of the home, dbt's and Great Expectations' own aside."""
    found = set()
    for folder in (home.archive, home.warehouse, home.receipts, home.serving):
        for place, _, names in os.walk(folder):
            found |= {f"{place.removeprefix(str(home.path))}/{name}" for name in names}
    return found | {f"state/{entry.name}/{entry.inode()}" for entry in os.scandir(home.state)}


def _copy(home: Home, to: Home) -> None:
    shutil.copytree(home.path, to.path, symlinks=True)


def _check(run: Run) -> None:
    code = run.wait(PATIENCE)
    if code is None:
        run.kill()
    if code not in DONE:
        raise Broken(f"a plain run ended with {code}: {run.words[-2000:]}")


def _stage(lines: int) -> str:
    return STAGES[lines] if lines < len(STAGES) else "the end"


def _still_there(children: list[psutil.Process]) -> Iterator[str]:
    """Children of a killed run that a plain run has not outlived."""
    _, alive = psutil.wait_procs(children, timeout=10)
    for process in alive:
        yield f"still at work: {process}"
        process.kill()
