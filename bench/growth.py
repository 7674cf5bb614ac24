"""A year of daily deliveries flows in; what each day costs flows out, and whether a full rebuild comes to the same.

Run as `python -m bench.growth`; README.md says how it is measured.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from bench.measure import DATA, RESULTS, ROOT, machine, now, result_file, say, text_table, versions, write_json
from simulate import simulate
from spark_jobs import pipeline
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import tables
from spark_jobs.landing.land import make_landing_zone
from tests.compare_lakes import differences, hashes

UNTIL, SEED = date(2026, 6, 30), 5
BAR = 1.2
# Whole weeks are compared, for nobody inspects on a Sunday: the one around day 30, and the last.
EARLY, WEEK = 30, 7
DATED = re.compile(r"_([0-9]{8})")
DAY_IN_NS = 24 * 3600 * 10**9
Cost = dict[str, float]


@dataclass
class Day:
    """What one day came to; `files` are those that appeared, changed or went, by folder of the home."""

    day: int
    date: str
    deliveries: int = 0
    rows: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    bytes_read: int = 0
    bytes_written: int = 0
    files: int = 0
    touched: dict[str, int] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)
    stages: dict[str, Cost] = field(default_factory=dict)


def spent() -> Cost:
    """What this process and its finished children have used so far, the engine in it included."""
    times = os.times()
    counted = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return {
        "wall": time.perf_counter(),
        "cpu": times.user + times.system + times.children_user + times.children_system,
        "bytes_read": int(counted["rchar"]),
        "bytes_written": int(counted["wchar"]),
    }


def files_by_day(province: Path) -> dict[date, list[Path]]:
    """The files of the province by the day that their names end with."""
    found: dict[date, list[Path]] = defaultdict(list)
    for path in sorted(path for path in province.rglob("*") if path.is_file()):
        named = DATED.search(path.name)
        assert named, path
        found[datetime.strptime(named[1], "%Y%m%d").date()].append(path)
    return found


def replay(home: Home, province: Path, days: int) -> list[Day]:
    """Every day's files dropped and carried through all stages, in this process, on an engine that is warm."""
    arriving = files_by_day(province)
    connect(home)
    done = []
    for number in range(1, days + 1):
        today = UNTIL - timedelta(days=days - number)
        os.environ["LAKEWARDEN_TODAY"] = f"{today}"
        os.environ["LAKEWARDEN_NOW"] = f"{today}T20:00:00+08:00"
        for file in arriving[today]:
            shutil.move(file, home.landing / file.relative_to(province))
        done.append(one_day(home, Day(number, f"{today}", deliveries=len(arriving[today]))))
        say(told(done[-1]))
        age(home)
    return done


def age(home: Home) -> None:
    """Makes all commits a day older, so that what upkeep clears by age goes as it would in a year."""
    for file in [*home.warehouse.glob("*/*/_delta_log/*"), *home.state.glob("cleared_*")]:
        modified = file.stat().st_mtime_ns - DAY_IN_NS
        os.utime(file, ns=(modified, modified))


def one_day(home: Home, day: Day) -> Day:
    before, began = listed(home), spent()
    since = began
    for stage in pipeline.STAGES:
        report = stage(home)
        used = spent()
        day.stages[report.name] = {name: used[name] - since[name] for name in used}
        since = used
        if report.name == "land":
            day.rows = int(report.figures["rows"])
    for name in ("wall", "cpu", "bytes_read", "bytes_written"):
        setattr(day, name, since[name] - began[name])
    after = listed(home)
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    day.files, day.touched = len(changed), dict(Counter(map(folder, changed)))
    day.active = {
        f"{layer}.{name}": len(DeltaTable(home.table(layer, name)).file_uris()) for layer, name in tables(home)
    }
    return day


def listed(home: Home) -> dict[str, tuple[int, int]]:
    """Every file of the home, with what changes when it is written."""
    found = {}
    for place, _, names in os.walk(home.path):
        for name in names:
            status = Path(place, name).stat()
            found[f"{place[len(str(home.path)) + 1 :]}/{name}"] = (status.st_size, status.st_mtime_ns)
    return found


def folder(path: str) -> str:
    """The part of the home that a file is in; of the warehouse, the layer."""
    first, second, *_ = path.split("/")
    return second if first == "warehouse" else first


def told(day: Day) -> str:
    return (
        f"day {day.day:3} {day.date} {day.deliveries:3} files {day.rows:6,} rows {day.wall:6.2f} s"
        f" {day.cpu:6.2f} CPU s {day.bytes_read / 1e6:7.1f} MB read {day.bytes_written / 1e6:6.1f} MB written"
        f" {day.files:5} files touched {sum(day.active.values()):6} active"
    )


def growth(days: list[Day]) -> dict[str, Any]:
    """The last week against the week around day 30: medians of each figure, and of each stage's."""
    middle = min(EARLY, len(days) // 2)
    early, late = days[max(0, middle - 1 - WEEK // 2) :][:WEEK], days[-WEEK:]
    figures = {name: compared(early, late, of) for name, of in measured(days[0]).items()}
    return {"early": [day.day for day in early], "late": [day.day for day in late], "figures": figures}


def measured(day: Day) -> dict[str, Callable[[Day], float]]:
    """How to read each figure that is compared from a day."""
    of_day = ("deliveries", "rows", "wall", "cpu", "bytes_read", "bytes_written", "files")
    return {name: lambda day, name=name: getattr(day, name) for name in of_day} | {
        f"{stage} {name}": lambda day, stage=stage, name=name: day.stages[stage][name]
        for stage in day.stages
        for name in ("wall", "cpu", "bytes_read")
    }


def compared(early: list[Day], late: list[Day], of: Callable[[Day], float]) -> dict[str, float | None]:
    first, last = (statistics.median(map(of, some)) for some in (early, late))
    return {"early": first, "late": last, "ratio": last / first if first else None}


def rebuilt(home: Home) -> Home:
    """A copy of the home whose base, themes and gold have been built from silver as if for the first time."""
    other = Home(home.path.with_name("rebuilt"))
    shutil.copytree(home.path, other.path)
    lakewarden = [sys.executable, "-m", "spark_jobs.command.cli", "--home", str(other.path)]
    subprocess.run([*lakewarden, "build", "--full"], check=True, cwd=ROOT)
    return other


def main() -> int:
    options = parse()
    os.environ["LAKEWARDEN_QUIET"] = "0"
    options.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="growth-", dir=options.data) as place:
        home, province = Home(Path(place, "home")), Path(place, "province")
        report = {
            "at": now(),
            "machine": machine(options.data),
            "versions": versions("pysail", "deltalake", "dbt-core", "dbt-spark", "great-expectations"),
            "command": " ".join(["python -m bench.growth", *sys.argv[1:]]),
            "quick": options.quick,
            "bar": BAR,
            "objects": options.objects,
        }
        make_landing_zone(home)
        made = simulate(options.objects, options.days, SEED, province, UNTIL, daily=True, say=lambda _: None)
        say(f"{options.objects:,} objects, {options.days} days: {made.files:,} files, {sum(made.rows.values()):,} rows")
        days = replay(home, province, options.days)
        compare = growth(days)
        report |= {"ratio": compare["figures"]["wall"]["ratio"], "growth": compare, "days": list(map(asdict, days))}
        report |= checked(home, rebuilt(home))
    file = result_file(options.out, "growth")
    write_json(file, report)
    say(table(report))
    print(file)
    return int(not report["equal_to_rebuild"] or (report["ratio"] > BAR and not options.quick))


def checked(home: Home, other: Home) -> dict[str, Any]:
    """Whether every table of the two is the same, by its hash, and what is not."""
    ours, theirs = hashes(home), hashes(other)
    apart = [] if ours == theirs else differences(home, other)
    return {"equal_to_rebuild": ours == theirs, "differences": apart, "hashes": ours}


def table(report: dict[str, Any]) -> str:
    """The report as a person reads it."""
    hashed = [f"{digest[:16]}  {name}" for name, digest in report["hashes"].items()]
    equal = report["differences"] or ["every table equals a full rebuild"]
    compare = report["growth"]
    weeks = [f"days {days[0]}–{days[-1]}" for days in (compare["early"], compare["late"])]
    rows = [("median of", *weeks, "ratio")]
    for name, figure in compare["figures"].items():
        ratio = "" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
        rows.append((name, f"{figure['early']:,.2f}", f"{figure['late']:,.2f}", ratio))
    return "\n".join([*hashed, *equal, text_table(rows)])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--objects", type=int, default=20_000, help="some 17 rows a day for a thousand")
    parser.add_argument("--quick", action="store_true", help="a tiny province, two weeks: does it work?")
    parser.add_argument("--data", type=Path, default=DATA, help="where the home comes and goes")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.quick:
        options.days, options.objects = min(options.days, 14), min(options.objects, 300)
    return options


if __name__ == "__main__":
    sys.exit(main())
