"""A command flows in; how long, how much memory and how many bytes a fresh process of it took flows out."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(tempfile.gettempdir(), "lakewarden-bench")
# Full reports, with every run; bench/results keeps what the page needs of them.
RESULTS = DATA / "results"
PAGE_CACHE = Path("/proc/sys/vm/drop_caches")
# A look at all processes takes 3 ms: every 50 ms it costs the measured one next to nothing.
SAMPLE_EVERY = 0.05
# A JVM outlives the Python that started it by a moment; the next run must not share the machine with it.
LINGERING_SECONDS = 30
MIB = 1 << 20


class JobFailed(SystemExit):
    """A measured command ended badly; the message holds the end of what it said, `end` how it ended."""

    def __init__(self, command: Sequence[object], code: int, complaint: str) -> None:
        last = (complaint.strip().splitlines() or [""])[-1]
        self.end = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}: {last}"
        super().__init__(f"{' '.join(map(str, command))}: {self.end}\n{complaint[-3000:]}")


@dataclass
class Run:
    """One fresh process with all its children; memory is the most that all held at once, `wall` ends with the first."""

    wall: float
    user: float
    system: float
    peak_mib: float
    # What it asked of the system, and what of that the disk had to do.
    read_mib: float
    written_mib: float
    disk_read_mib: float
    disk_written_mib: float
    # "warm", "cold", or why it could not be cold.
    page_cache: str
    stages: dict[str, float] = field(default_factory=dict)


def timed(
    command: Sequence[str | Path], cold: bool = False, environment: Mapping[str, str] | None = None
) -> tuple[Run, dict[str, Any]]:
    """Runs a command whose last line of stdout is JSON; its `stages` go into the run, the rest is returned beside it.

    Dirty pages are written out before; `cold` also drops the page cache. JobFailed if it ends with anything but 0.
    """
    page_cache = drop_page_cache() if cold else "warm"
    os.sync()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)), stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **(environment or {})}
        )
        watch = _Watch(process.pid)
        # Not yet reaped, so that its counters, which hold those of its children, can be read a last time.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - started
        used, peak = watch.stop()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said, complaint = (_said(file) for file in (out, err))
    if process.returncode:
        raise JobFailed(command, process.returncode, complaint)
    figures = json.loads(said.splitlines()[-1])
    most = max(peak, usage.ru_maxrss * 1024)
    moved = (count / MIB for count in used[2:])
    return Run(wall, *used[:2], most / MIB, *moved, page_cache, figures.pop("stages", {})), figures


def _said(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def drop_page_cache() -> str:
    """Forgets what the system has read of all files, so that the disk is asked again; says "cold", else why not."""
    os.sync()
    try:
        PAGE_CACHE.write_text("3")
    except OSError as refusal:
        return f"not cold: {refusal.strerror}: {PAGE_CACHE}"
    return "cold"


class _Watch(threading.Thread):
    """What a process and its children have used up to now, and the most memory (RSS) that they held together.

    The counters of a process hold those of its children that it has waited for, so the sum over those that live only
    grows; a child that outlives its parent is counted up to the last look.
    """

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process, self.done = psutil.Process(process), threading.Event()
        self.family = [self.process]
        self.used, self.peak = [0.0] * 6, 0
        self.start()

    def run(self) -> None:
        while not self.done.wait(SAMPLE_EVERY):
            self._look()

    def _look(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self.family = [self.process, *self.process.children(recursive=True)]
        looks = [look for one in self.family if (look := _used(one))]
        sums = [sum(column) for column in zip(*looks, strict=True)]
        self.peak = max(self.peak, int(sums[0]))
        self.used = list(map(max, self.used, sums[1:]))

    def stop(self) -> tuple[list[float], int]:
        self.done.set()
        self.join()
        left = [one for one in self.family if one != self.process]
        self.family = [self.process]
        self._look()
        for one in psutil.wait_procs(left, LINGERING_SECONDS)[1]:
            one.kill()
        return self.used, self.peak


def _used(process: psutil.Process) -> tuple[float, ...]:
    """Memory, then processor seconds and bytes since the start; empty if the process is gone."""
    try:
        with process.oneshot():
            memory, cpu, io = process.memory_info().rss, process.cpu_times(), process.io_counters()
    except psutil.NoSuchProcess:
        return ()
    seconds = (cpu.user + cpu.children_user, cpu.system + cpu.children_system)
    return (memory, *seconds, io.read_chars, io.write_chars, io.read_bytes, io.write_bytes)


def median(runs: Sequence[Run], figure: str) -> float:
    """The median of a figure over runs."""
    return statistics.median(getattr(run, figure) for run in runs)


def cached(data: Path, name: str, make: Callable[[Path], int]) -> tuple[Path, int]:
    """A file or folder made once, and what its maker counted (`<name>.made` keeps it)."""
    path, note = data / name, data / f"{name}.made"
    if not note.exists():
        shutil.rmtree(path, ignore_errors=True)
        started = time.perf_counter()
        note.write_text(str(make(path)))
        say(f"made {path} in {time.perf_counter() - started:.1f} s")
    return path, int(note.read_text())


def machine(data: Path) -> dict[str, Any]:
    """What the figures were measured on; `data` is where the measured files lie."""
    models = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    here = [part for part in psutil.disk_partitions(all=True) if data.resolve().is_relative_to(part.mountpoint)]
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / (1 << 30), 1),
        "load_before": os.getloadavg()[0],
        "system": platform.platform(),
        "filesystem": max(here, key=lambda part: len(part.mountpoint)).fstype if here else "",
        "commit": commit.stdout.strip(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


@cache
def versions(*packages: str, python: str = sys.executable) -> dict[str, str]:
    """The versions of Python and of those packages that an environment has."""
    asked = (
        "import json, platform, sys; from importlib.metadata import distributions as found;"
        "there = {one.name.lower().replace('_', '-'): one.version for one in found()};"
        "print(json.dumps({'python': platform.python_version()} | {n: there[n] for n in sys.argv[1:] if n in there}))"
    )
    told = subprocess.run([python, "-c", asked, *packages], capture_output=True, text=True, check=True)
    return dict(json.loads(told.stdout))


def now() -> str:
    """The moment, for a report."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def result_file(out: Path, name: str) -> Path:
    """Where a bench that starts now writes its report: <name>-<time>.json."""
    return out / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"


def write_json(file: Path, report: Mapping[str, Any]) -> None:
    """Writes a report whole or not at all, so that a stopped bench leaves what it had."""
    file.parent.mkdir(parents=True, exist_ok=True)
    passing = file.with_suffix(".passing")
    passing.write_text(json.dumps(report, ensure_ascii=False, indent=1))
    passing.replace(file)


def text_table(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Rows of cells, headings first, as a person reads them; columns in `left` are words, the others figures."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def say(text: str) -> None:
    """Tells the person who waits."""
    print(text, file=sys.stderr, flush=True)
