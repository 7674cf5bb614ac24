"""A synthetic province flows in, through every contender side by side; what each pass cost each of them flows out.

python -m bench.province [--size 1.5M] [--contender lakewarden_sail] [--runs 5] [--resume FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.contenders import CONTENDERS, Contender, Moment
from bench.equal import differences
from bench.frozen import CONTRACTS
from bench.measure import (
    DATA,
    RESULTS,
    JobFailed,
    cached,
    machine,
    now,
    result_file,
    say,
    text_table,
    timed,
    versions,
    write_json,
)
from bench.promised import broken_promises
from simulate import simulate

SEED, UNTIL = 20_260_630, date(2026, 6, 30)
# Files that are dated later make the second delivery.
FIRST_UNTIL = UNTIL - timedelta(days=7)
DATED = re.compile(r"_(\d{8})")
# What is dropped before each pass (nothing before the last), and the clock it runs by.
PASSES = {
    "first": Moment("2026-06-24T02:00:00+00:00", "2026-06-24"),
    "next": Moment("2026-07-01T02:00:00+00:00", "2026-07-01"),
    "idle": Moment("2026-07-01T03:00:00+00:00", "2026-07-01"),
}
TOLD_OF_DIFFERENCES = 20
CACHES = ("warm", "cold")


@dataclass(frozen=True)
class Size:
    """How large a province is."""

    objects: int
    days: int


SIZES = {"quick": Size(150, 60), "150k": Size(20_000, 365), "1.5M": Size(200_000, 365), "15M": Size(2_000_000, 365)}


def province(data: Path, size: Size) -> Path:
    """The landing files of a province, made once."""

    def make(path: Path) -> int:
        said = simulate(
            size.objects, size.days, SEED, path, UNTIL, truth=path.with_suffix(".truth"), say=lambda _: None
        )
        return sum(said.rows.values())

    return cached(data, f"province-{size.objects}x{size.days}-{SEED}", make)[0]


@contextmanager
def folder_in(data: Path) -> Iterator[Path]:
    """A folder for one contender, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=data))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def drop(files: Path, landing: Path, name: str) -> None:
    """Copies into the landing folder what belongs to a pass."""
    for file in sorted(path for path in files.rglob("*") if path.is_file()):
        dated = DATED.search(file.name)
        assert dated, file
        if name == ("first" if dated[1] <= f"{FIRST_UNTIL:%Y%m%d}" else "next"):
            target = landing / file.relative_to(files)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def passed(contender: Contender, files: Path, folder: Path, name: str, cold: bool = False) -> dict[str, Any]:
    """One pass of a contender, with what it used and what it counted."""
    drop(files, contender.landing(folder), name)
    command, environment = contender.command(folder, PASSES[name])
    run, figures = timed(command, cold, environment)
    return asdict(run) | {"figures": figures}


# --- equal before any time counts


def check(files: Path, data: Path, contenders: Sequence[Contender]) -> dict[str, dict[str, Any]]:
    """What each contender's tables differ in from those of the first, after the first pass and after the second; and
    of a peer that keeps Lakewarden's promises, which one it does not."""
    found: dict[str, list[str]] = {one.name: [] for one in contenders}
    rows: dict[str, Any] = {}
    with folder_in(data) as root:
        for name in ("first", "next") if len(contenders) > 1 else ():
            for one in [one for one in contenders if not found[one.name]]:
                say(f"  {name} pass of {one.name}, untimed")
                try:
                    rows.setdefault(name, passed(one, files, root / one.name, name)["figures"]["rows"])
                except JobFailed as failure:
                    say(f"    {failure}")
                    found[one.name] = [f"{name} pass: {failure.end}"]
                if one is not contenders[0] and not found[one.name]:
                    home, out = root / contenders[0].name, one.tables(root / one.name)
                    theirs = differences(home, out)
                    if one.keeps_promises:
                        theirs += broken_promises(home, out)
                    found[one.name] = [f"{name} pass: {text}" for text in theirs[:TOLD_OF_DIFFERENCES]]
                for text in found[one.name]:
                    say(f"    {text}")
    return {name: {"is_equal": not texts, "differences": texts, "rows": rows} for name, texts in found.items()}


# --- measuring


class Report:
    """The JSON of one bench, written after every step of it."""

    def __init__(self, file: Path, data: Path, resume: bool) -> None:
        self.file = file
        here = machine(data)
        self.content: dict[str, Any] = (
            json.loads(file.read_text())
            if resume
            else {"at": now(), "machine": here, "contenders": {}, "left_out": {}, "checks": {}, "runs": []}
        )
        if self.content["machine"]["commit"] != here["commit"]:
            raise SystemExit(f"{file} was measured at {self.content['machine']['commit']}, this is {here['commit']}")

    def has(self, **place: Any) -> bool:
        return any(place.items() <= run.items() for run in self.content["runs"])

    def add(self, **run: Any) -> None:
        self.content["runs"].append(run)
        self.keep()

    def keep(self) -> None:
        write_json(self.file, self.content)


def measure(report: Report, label: str, data: Path, contenders: Sequence[Contender], options: Any) -> None:
    """All contenders in turn, run by run, so that all see the same machine; each run is kept at once."""
    files = province(data, SIZES[label])
    checks = report.content["checks"].setdefault(label, {})
    if unchecked := [one for one in contenders if one.name not in checks]:
        say(f"{label}: is every table equal?")
        # The first is what the others are held against, so it is there in any case.
        checks |= check(files, data, [CONTENDERS[0], *(one for one in unchecked if one is not CONTENDERS[0])])
        report.keep()
    equal = [one for one in contenders if checks[one.name]["is_equal"]]
    for number in range(options.runs):
        for cache in options.cache:
            shift = number % max(1, len(equal))
            for one in [*equal[shift:], *equal[:shift]]:
                place = {"size": label, "contender": one.name, "cache": cache, "number": number}
                if number < (options.spark_runs if one.is_spark else options.runs) and not report.has(**place):
                    say(f"{label}: {cache} run {number + 1} of {one.name}")
                    with folder_in(data) as folder:
                        cold = cache == "cold"
                        report.add(**place, passes={name: passed(one, files, folder, name, cold) for name in PASSES})


def table(content: dict[str, Any]) -> str:
    """The medians as a person reads them."""
    rows = [["", "size", "", "first s", "next s", "idle s", "cpu s", "peak MiB", "read MiB", "written MiB", "runs"]]
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for run in content["runs"]:
        groups.setdefault((run["size"], run["contender"], run["cache"]), []).append(run["passes"])
    for (size, name, cache), passes in groups.items():
        walls = [f"{statistics.median([one[key]['wall'] for one in passes]):.2f}" for key in PASSES]
        cpu = statistics.median([one["first"]["user"] + one["first"]["system"] for one in passes])
        sizes = [
            statistics.median([one["first"][f"{key}_mib"] for one in passes]) for key in ("peak", "read", "written")
        ]
        rows.append([name, size, cache, *walls, f"{cpu:.2f}", *(f"{one:.0f}" for one in sizes), str(len(passes))])
    untimed = [
        f"{name}, {size}: not measured: {'; '.join(said['differences'][:3])}"
        for size, checks in content["checks"].items()
        for name, said in checks.items()
        if not said["is_equal"]
    ]
    absent = [f"{name}: left out: {why}" for name, why in content["left_out"].items()]
    return "\n".join([text_table(rows, left=(0, 1, 2)), *untimed, *absent])


def _options() -> argparse.Namespace:
    names = [one.name for one in CONTENDERS]
    parser = argparse.ArgumentParser(prog="python -m bench.province", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tiny province, once: does it work, not how fast")
    parser.add_argument("--size", action="append", choices=list(SIZES), help="may be repeated [default: 150k, 1.5M]")
    parser.add_argument("--contender", action="append", choices=names, help="may be repeated [default: all]")
    parser.add_argument("--runs", type=int, default=5, help="runs a figure, warm and cold each [default: 5]")
    parser.add_argument("--spark-runs", type=int, help="runs of the contenders on Spark, which are slow [as --runs]")
    parser.add_argument("--cache", action="append", choices=CACHES, help="may be repeated [default: warm, cold]")
    parser.add_argument("--resume", type=Path, help="a report to go on with; what it holds is not measured again")
    parser.add_argument("--data", type=Path, default=DATA, help=f"where provinces are kept [default: {DATA}]")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"where the JSON goes [default: {RESULTS}]")
    options = parser.parse_args()
    options.size = ["quick"] if options.quick else options.size or ["150k", "1.5M"]
    options.runs = 1 if options.quick else options.runs
    options.cache = ["warm"] if options.quick else options.cache or CACHES
    options.spark_runs = options.runs if options.spark_runs is None else options.spark_runs
    return options


def main() -> int:
    """Measures, prints the medians, writes the JSON; 1 if a contender's tables are not equal."""
    options = _options()
    os.environ.update(CONTRACTS)
    data = options.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    report = Report(options.resume or result_file(options.out, "province"), data, bool(options.resume))
    chosen = [one for one in CONTENDERS if one.name in (options.contender or [one.name])]
    report.content["left_out"] = {one.name: one.missing() for one in chosen if one.missing()}
    chosen = [one for one in chosen if one.name not in report.content["left_out"]]
    for one in chosen:
        told = {"title": one.title, "keeps_promises": one.keeps_promises}
        told |= {"versions": versions(*one.packages, python=one.python)}
        report.content["contenders"][one.name] = told
    report.content["quick"] = options.quick
    for label in options.size:
        report.content.setdefault("sizes", {})[label] = asdict(SIZES[label])
        measure(report, label, data, chosen, options)
    report.keep()
    print(table(report.content))
    say(f"{report.file}")
    return int(not all(said["is_equal"] for checks in report.content["checks"].values() for said in checks.values()))


if __name__ == "__main__":
    sys.exit(main())
