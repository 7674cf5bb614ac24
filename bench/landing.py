"""A department's file flows in; how long landing takes beside a bare copy, and in how much memory, flows out."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.feeds import INSPECTIONS, REGISTER
from bench.measure import (
    DATA,
    RESULTS,
    Run,
    cached,
    machine,
    median,
    now,
    result_file,
    say,
    text_table,
    timed,
    versions,
    write_json,
)
from bench.rows import CONTRACTS, SEED, Feed, write_file, write_files


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rows: int
    register_rows: int
    big_rows: int
    files: int
    rows_a_file: int
    received: int
    rows_received: int


# 15 million rows are a little more than 2 GB.
FULL = Size(
    rows=2_000_000,
    register_rows=500_000,
    big_rows=15_000_000,
    files=1000,
    rows_a_file=200,
    received=10_000,
    rows_received=5,
)
QUICK = Size(
    rows=100_000,
    register_rows=25_000,
    big_rows=200_000,
    files=20,
    rows_a_file=50,
    received=100,
    rows_received=5,
)
# Through which stages, as a run does them; none: to silver, as `lakewarden land` does it, where nothing starts that
# only base and the dashboards need.
LANDED = {"bronze": ("land",), "silver": (), "register": ()}
# A register's bar in processor seconds: so many times the bare copy, and what processes take to start.
COPIES, STARTS = 5, 3


@dataclass
class Measure:
    """What one kind of run came to; `value` is held against `bar`."""

    name: str
    what: str
    unit: str
    bar: float | None
    value: float = 0.0
    runs: list[Run] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def wall(self) -> float:
        """The median wall time."""
        return median(self.runs, "wall")

    @property
    def cpu(self) -> float:
        """The median of the processor seconds."""
        return statistics.median(run.user + run.system for run in self.runs)


# --- what runs in a process of its own


def reference(file: Path, target: Path) -> dict[str, Any]:
    """The bare copy: every cell as text into a Delta table; nothing is checked, kept or told."""
    import pyarrow as pa
    import pyarrow.csv as pacsv
    from deltalake import write_deltalake

    with file.open("rb") as start:
        headings = start.readline().decode().strip().split(",")
    as_text = pacsv.ConvertOptions(column_types={heading: pa.string() for heading in headings})
    table = pacsv.read_csv(file, convert_options=as_text)
    write_deltalake(target, table, mode="append")
    return {"rows": table.num_rows}


def child(job: str, *words: str) -> None:
    """One job of this page, in this process; its figures are the last line of stdout."""
    from bench import stage_jobs
    from spark_jobs.lake.home import Home

    place, rest = Path(words[0]), words[1:]
    if job == "reference":
        figures = reference(place, Path(*rest))
    else:
        figures = stage_jobs.run(Home(place), *rest) if rest else stage_jobs.to_silver(Home(place))
    print(json.dumps(figures, default=str))


# --- measuring it


def job(*words: str) -> tuple[Run, dict[str, Any]]:
    """Measures a job of this page in a fresh process."""
    return timed([sys.executable, "-m", "bench.landing", "child", *words])


def lakewarden(home: Path) -> Run:
    """Measures `lakewarden run` in a fresh process."""
    return timed([sys.executable, "-m", "bench.lakewarden", home])[0]


@contextmanager
def fresh_home(data: Path) -> Iterator[Path]:
    """A home with its tables, gone afterwards."""
    from spark_jobs.lake.home import Home
    from spark_jobs.lake.tables import create_tables

    home = Home(Path(tempfile.mkdtemp(prefix="home-", dir=data)))
    home.create()
    create_tables(home)
    try:
        yield home.path
    finally:
        shutil.rmtree(home.path)


def dropped(home: Path, source: Path, feed: Feed = INSPECTIONS) -> None:
    """Copies a file, or all files of a folder, into the feed's landing folder."""
    folder = home / "landing" / feed.folder
    folder.mkdir(parents=True)
    for file in [source] if source.is_file() else sorted(source.iterdir()):
        shutil.copyfile(file, folder / file.name)


def expect(figures: dict[str, Any], rows: int, bad: int | None = None) -> None:
    """A pass counts only if it did its work: every row, and each bad one set aside."""
    got = (figures["rows"], figures.get("quarantined"))
    if got != (rows, bad):
        raise SystemExit(f"the pass is wrong, its time means nothing: {got} instead of {(rows, bad)} rows and bad rows")


# --- the figures


def bench_copy(size: Size, data: Path, runs: int, wanted: set[str]) -> list[Measure]:
    """The bare copy, landing to bronze and landing to silver of the same file."""
    reference_ = Measure("reference", "pyarrow.csv → deltalake append, all text", "s", None)
    bronze = Measure("bronze", "landing to bronze", "× reference", 1.5)
    silver = Measure("silver", "landing to silver and quarantine, receipt and verdict included", "× reference", 3.0)
    measured = [measure for measure in (bronze, silver) if measure.name in wanted]
    _measure_copy(INSPECTIONS, size.rows, data, runs, [reference_, *measured])
    reference_.value = reference_.wall
    for measure in measured:
        measure.value = measure.wall / reference_.wall
    return [reference_, *measured]


def bench_register(size: Size, data: Path, runs: int) -> list[Measure]:
    """What a register costs, by processor seconds: its cells take more thought than those of inspections."""
    copy = Measure("register_copy", f"a bare copy of a register, {size.register_rows:,} rows", "CPU s", None)
    register = Measure("register", f"landing of a register to silver, {size.register_rows:,} rows", "CPU s", None)
    _measure_copy(REGISTER, size.register_rows, data, runs, [copy, register])
    copy.value, register.value = copy.cpu, register.cpu
    register.bar = round(COPIES * copy.cpu + STARTS, 2)
    return [copy, register]


def _measure_copy(feed: Feed, rows: int, data: Path, runs: int, measures: list[Measure]) -> None:
    """A bare copy of a feed's file, the first, and how far it is landed, in turn, so that all see the same machine."""
    copy, *landings = measures
    name = f"{feed.folder.name}-{rows}-{SEED}.csv"
    file, bad = cached(data, name, lambda path: write_file(path, feed, rows))
    for number in range(runs):
        say(f"{rows:,} rows of {feed.folder}: {number + 1} of {runs}")
        with fresh_home(data) as home:
            run, figures = job("reference", str(file), str(home / "reference"))
            expect(figures, rows)
            copy.runs.append(run)
        for measure in landings:
            with fresh_home(data) as home:
                dropped(home, file, feed)
                run, figures = job("stages", str(home), *LANDED[measure.name])
                expect(figures, rows, None if measure.name == "bronze" else bad)
                measure.runs.append(run)
    copy.facts = {"rows": rows, "bytes": file.stat().st_size, "bad_rows": bad}


def bench_many(size: Size, data: Path, runs: int) -> list[Measure]:
    """Many small files to silver."""
    many = Measure("many", f"{size.files:,} files of {size.rows_a_file} rows to silver", "s", 15.0)
    files, bad = cached(
        data,
        f"many-{size.files}x{size.rows_a_file}-{SEED}",
        lambda path: write_files(path, INSPECTIONS, size.files, size.rows_a_file),
    )
    for number in range(runs):
        say(f"{size.files:,} files: {number + 1} of {runs}")
        with fresh_home(data) as home:
            dropped(home, files)
            run, figures = job("stages", str(home))
            expect(figures, size.files * size.rows_a_file, bad)
            many.runs.append(run)
    many.value = many.wall
    return [many]


def bench_idle(size: Size, data: Path, runs: int) -> list[Measure]:
    """`lakewarden run` where every file has been received before."""
    idle = Measure("idle", f"a run with nothing new over {size.received:,} received files", "s", 2.0)
    files, bad = cached(
        data,
        f"received-{size.received}x{size.rows_received}-{SEED}",
        lambda path: write_files(path, INSPECTIONS, size.received, size.rows_received),
    )
    with fresh_home(data) as home:
        dropped(home, files)
        say(f"receiving {size.received:,} files first")
        first, figures = job("stages", str(home))
        expect(figures, size.received * size.rows_received, bad)
        lakewarden(home)  # what is built for the first time, even of nothing
        for number in range(runs):
            say(f"nothing new: {number + 1} of {runs}")
            idle.runs.append(lakewarden(home))
    idle.value = idle.wall
    idle.facts = {"receiving_them": asdict(first)}
    return [idle]


def bench_big(size: Size, data: Path, runs: int) -> list[Measure]:
    """The memory of one pass over a large file."""
    big = Measure("big", "peak memory of a pass over a large file, all processes", "MiB", 1024.0)
    file, bad = cached(
        data, f"bench-{size.big_rows}-{SEED}.csv", lambda path: write_file(path, INSPECTIONS, size.big_rows)
    )
    for number in range(runs):
        say(f"{file.stat().st_size / 1e9:.1f} GB: {number + 1} of {runs}")
        with fresh_home(data) as home:
            dropped(home, file)
            run, figures = job("stages", str(home))
            expect(figures, size.big_rows, bad)
            big.runs.append(run)
    big.value = max(run.peak_mib for run in big.runs)
    big.facts = {"rows": size.big_rows, "bytes": file.stat().st_size}
    return [big]


# --- the report

PACKAGES = ("pyarrow", "deltalake", "pysail", "pyspark-client")
NAMES = ("bronze", "silver", "register", "many", "idle", "big")


def table(measures: list[Measure]) -> str:
    """The figures as a person reads them."""
    rows = [["", "value", "", "bar", "", "wall s", "user s", "sys s", "peak MiB", "runs"]]
    for one in measures:
        is_met = "" if one.bar is None else "met" if one.value <= one.bar else "MISSED"
        bar = "" if one.bar is None else f"≤ {one.bar:g}"
        peak = max(run.peak_mib for run in one.runs)
        figures = [
            *(f"{median(one.runs, name):.2f}" for name in ("wall", "user", "system")),
            f"{peak:.0f}",
            str(len(one.runs)),
        ]
        rows.append([one.what, f"{one.value:.2f}", one.unit, bar, is_met, *figures])
    return text_table(rows, left=(0, 2, 4))


def main() -> int:
    """Measures, prints the table, writes the JSON; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and one run: does it work, not how fast")
    parser.add_argument("--only", action="append", choices=NAMES, help="only this figure; may be repeated")
    parser.add_argument("--runs", type=int, help="runs a figure [default: 5; 1 for --quick and for the large file]")
    parser.add_argument("--rows", type=int, help="rows of the file for bronze and silver [default: 2,000,000]")
    parser.add_argument("--register-rows", type=int, help="rows of the file for register [default: 500,000]")
    parser.add_argument("--data", type=Path, default=DATA, help="the cache")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    asked = {name: getattr(options, name) for name in ("rows", "register_rows") if getattr(options, name)}
    size = replace(size, **asked)
    wanted, runs = set(options.only or NAMES), options.runs or (1 if options.quick else 5)
    # The files are finished when a pass begins; nothing is to wait for.
    os.environ.update(CONTRACTS, LAKEWARDEN_QUIET="0")
    data = options.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"at": now(), "machine": machine(data) | versions(*PACKAGES), "quick": options.quick}
    measures: list[Measure] = []
    if wanted & {"bronze", "silver"}:
        measures += bench_copy(size, data, runs, wanted)
    others = {"register": bench_register, "many": bench_many, "idle": bench_idle, "big": bench_big}
    for name, bench in others.items():
        times = 1 if name == "big" else runs
        if name in wanted:
            measures += bench(size, data, options.runs or times)
    report |= {"size": asdict(size), "seed": SEED, "measures": [asdict(one) | {"wall": one.wall} for one in measures]}
    written = result_file(options.out, "landing")
    write_json(written, report)
    print(table(measures))
    say(f"{written}")
    return int(any(one.bar is not None and one.value > one.bar for one in measures) and not options.quick)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
    else:
        sys.exit(main())
