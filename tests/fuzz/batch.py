"""Cases flow into a home of their own; what they broke flows out."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.landing.land import make_landing_zone
from tests.fuzz.cases import Case
from tests.fuzz.judge import Offence, judge
from tests.fuzz.places import OUTSIDE, SECRET

MOST_MEMORY = 1 << 30
MOST_SECONDS = 30
# A pass that hangs must end some time: what a batch of the slowest files may take.
PATIENCE = 600


@dataclass
class Tally:
    """What a batch, or all of them, cost and came to."""

    seconds: float = 0
    slowest: float = 0
    memory: int = 0
    states: Counter[str] = field(default_factory=Counter)
    offences: list[Offence] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Adds another batch."""
        self.seconds += other.seconds
        self.slowest, self.memory = max(self.slowest, other.slowest), max(self.memory, other.memory)
        self.states += other.states
        self.offences += other.offences


def run(cases: Sequence[Case], folder: Path) -> Tally:
    """Lands and conforms the cases in a fresh home, looks at everything they could have touched, and removes it.

    What cannot be laid at one case's door (a pass that fails, hangs or swells) is run again in halves until it can.
    """
    tally = _run(cases, folder)
    if not any(offence.case is None for offence in tally.offences):
        return tally
    if len(cases) == 1:
        tally.offences = [Offence(cases[0], offence.what) for offence in tally.offences]
        return tally
    half = len(cases) // 2
    parts = [run(cases[:half], folder), run(cases[half:], folder)]
    if any(part.offences for part in parts):
        tally.offences = [offence for offence in tally.offences if offence.case]
        for part in parts:
            tally.offences += part.offences
    return tally


def _run(cases: Sequence[Case], folder: Path) -> Tally:
    root = Path(tempfile.mkdtemp(prefix="batch-", dir=folder)).resolve()
    try:
        home = Home(root / "lake")
        make_landing_zone(home)
        _lay_out(root)
        for case in cases:
            _put(home, case)
        return _land_and_judge(root, home, cases)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _lay_out(root: Path) -> None:
    """What lies beside the home: a secret, and the folder for temporary files."""
    (root / OUTSIDE).mkdir()
    (root / "tmp").mkdir()
    (root / OUTSIDE / "secret.csv").write_text(f"{SECRET}\n", encoding="utf-8")


def _put(home: Home, case: Case) -> None:
    place = home.landing / case.place
    place.mkdir(parents=True, exist_ok=True)
    case.put(place / os.fsdecode(case.name))


def _land_and_judge(root: Path, home: Home, cases: Sequence[Case]) -> Tally:
    before = _outside(root)
    tally = Tally()
    began = time.monotonic()
    told = _land(root, home, tally)
    tally.seconds = time.monotonic() - began
    if "error" in told:
        tally.offences.append(Offence(None, f"land failed: {told['error']}"))
        return tally
    if tally.memory > MOST_MEMORY:
        tally.offences.append(Offence(None, f"landing took {tally.memory >> 20} MiB"))
    slow = _slowest(home, told["ended"])
    tally.slowest = slow[0]
    try:
        pipeline.conform(home)
        again = pipeline.land(home)
    except Exception as error:
        tally.offences.append(Offence(None, f"conform or the second pass failed: {error!r:.2000}"))
        return tally
    if again.changed or any(again.figures.values()):
        tally.offences.append(Offence(None, f"a second pass found something new: {again.figures}"))
    found, tally.states = judge(home, cases, slow if slow[0] > MOST_SECONDS else None)
    tally.offences += found
    if (after := _outside(root)) != before:
        changed = sorted(set(before.items()) ^ set(after.items()))
        tally.offences.append(Offence(None, f"something outside the home changed: {changed[:5]}"))
    return tally


def _land(root: Path, home: Home, tally: Tally) -> dict[str, object]:
    """Lands in a process of its own; `tally.memory` becomes the most that it and its children held at one time."""
    environment = {**os.environ, "TMPDIR": str(root / "tmp"), "LAKEWARDEN_QUIET": "0"}
    command = [sys.executable, "-m", "tests.fuzz.one_pass", str(home.path)]
    with (home.logs / "pass.json").open("w+") as said:
        process = psutil.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment)
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            tally.memory = max(tally.memory, _memory(process))
            time.sleep(0.02)
        ended = time.time()
        family = _family(process)
        for one in family:
            one.kill()
        code = process.wait()
        said.seek(0)
        text = said.read()
    with suppress(ValueError, IndexError):
        told = json.loads(text.splitlines()[-1])
        return {**told, "ended": ended}
    return {"error": f"exit code {code} after {PATIENCE} s at most: {text[-2000:]}"}


def _family(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [*process.children(recursive=True), process]
    return []


def _memory(process: psutil.Process) -> int:
    resident = 0
    for one in _family(process):
        with suppress(psutil.NoSuchProcess):
            resident += one.memory_info().rss
    return resident


def _slowest(home: Home, ended: object) -> tuple[float, str]:
    """The longest time between one content's arrival in the archive and the next, and that content."""
    contents = [path for path in home.archive.glob("*/*") if len(path.name) == 64]
    moments = sorted((path.stat().st_ctime, path.name) for path in contents)
    ends = [moment for moment, _ in moments[1:]] + [float(str(ended))]
    gaps = [(end - start, name) for (start, name), end in zip(moments, ends, strict=False)]
    return max(gaps, default=(0.0, ""))


def _outside(root: Path) -> dict[str, tuple[int, int, str]]:
    """Everything beside the home, and the few places that slipping names aim at."""
    paths = [path for path in root.rglob("*") if root / "lake" not in (path, *path.parents)]
    paths += [path for path in (Path("/tmp/slip.csv"), Path("/tmp/slip.xml")) if path.exists()]
    found = {}
    for path in paths:
        status = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (status.st_size, status.st_mtime_ns, content)
    return found
