"""A province and a file of rows flow in; what each part of a run costs by itself flows out.

python -m bench.stages [--size 1.5M] [--rows 1000000] [--only stages] [--runs 5]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.contenders import CONTENDERS
from bench.feeds import INSPECTIONS
from bench.frozen import CONTRACTS as FROZEN
from bench.landing import dropped
from bench.measure import (
    DATA,
    RESULTS,
    ROOT,
    Run,
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
from bench.province import PASSES, SIZES, drop, folder_in, province
from bench.rows import CONTRACTS, SEED, write_file

os.environ["LAKEWARDEN_QUIET"] = "0"
SAIL, SPARK = CONTENDERS[:2]
TO_SILVER, BUILT = ("land", "conform"), ("base", "themes", "gold")
ALL = (*TO_SILVER, *BUILT, "validate", "publish")
MODELS = ROOT / "dbt_project" / "models"
GROUPS = ("stages", "engine", "tax", "models")


@dataclass
class Part:
    """One part of a run, with every time it was measured and what it counted."""

    group: str
    name: str
    what: str
    runs: list[Run] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, run: Run, figures: dict[str, Any]) -> None:
        self.runs.append(run)
        self.figures.append(figures)


class Parts(dict[str, Part]):
    """All parts by group and name, in the order in which they were first measured."""

    def add(self, group: str, name: str, what: str, measured: tuple[Run, dict[str, Any]]) -> None:
        self.setdefault(f"{group}/{name}", Part(group, name, what)).add(*measured)


def job(name: str, home: Path, *words: str, environment: dict[str, str] | None = None) -> tuple[Run, dict[str, Any]]:
    """One job of bench/stage_jobs.py in a fresh process."""
    return timed([sys.executable, "-m", "bench.stage_jobs", name, home, *words], environment=environment)


def clock(name: str) -> dict[str, str]:
    """The fixed clock of a pass."""
    return {"LAKEWARDEN_NOW": PASSES[name].at, "LAKEWARDEN_TODAY": PASSES[name].today}


# --- the parts


def bench_stages(parts: Parts, files: Path, data: Path) -> None:
    """Each stage in a process of its own, then as one run; and of dbt's time, how much is SQL's: there, in the run, and
    where base, themes and gold are one process."""
    with folder_in(data) as root:
        apart, whole, together = root / "apart", root / "whole", root / "together"
        for name in ("first", "next"):
            for home in (apart, whole, together):
                drop(files, home / "landing", name)
            alone = {stage: job("stages", apart, stage, environment=clock(name)) for stage in ALL}
            for stage, taken in alone.items():
                parts.add("stages", f"{name} {stage}", stage, taken)
            in_a_run = job("stages", whole, *ALL, environment=clock(name))
            job("stages", together, *TO_SILVER, environment=clock(name))
            by_itself = job("stages", together, *BUILT, environment=clock(name))
            for how, taken in (
                ("in a run", in_a_run),
                ("one process", by_itself),
                ("a process a layer", _one_after_the_other([alone[stage] for stage in BUILT])),
            ):
                parts.add("dbt", f"{name} delivery, {how}", "base, themes and gold", taken)
        idle = timed([sys.executable, "-m", "bench.lakewarden", apart], environment=clock("idle"))
        parts.add("stages", "idle", "lakewarden run with nothing new", idle)


def _one_after_the_other(taken: list[tuple[Run, dict[str, Any]]]) -> tuple[Run, dict[str, Any]]:
    """Processes that each had dbt build something, as one."""
    spent = [figures["dbt"] for _, figures in taken]
    return _summed([run for run, _ in taken]), {"dbt": {name: sum(one[name] for one in spent) for name in spent[0]}}


def bench_engine(parts: Parts, data: Path) -> None:
    """An engine's first answer in a fresh process."""
    for one in (SAIL, SPARK):
        if not one.missing():
            with folder_in(data) as root:
                parts.add("engine", one.name, one.title, job("engine", root, environment=one.environment))


def bench_models(parts: Parts, home: Path) -> None:
    """All models built anew by one dbt process, and by one each."""
    names = [path.stem for path in model_files()]
    today = PASSES["first"].today
    whole = job("models", home, today, *names, environment=clock("first"))
    parts.add("models", "one process", f"{len(names)} models", whole)
    alone = [job("models", home, today, name, environment=clock("first"))[0] for name in names]
    parts.add("models", "a process a model", f"{len(names)} models", (_summed(alone), {}))


def model_files() -> Iterator[Path]:
    """The models in the order of their layers, written or rendered."""
    for layer in BUILT:
        for folder in (MODELS / "_rendered" / layer, MODELS / layer):
            yield from sorted(folder.rglob("*.sql"))


def _summed(runs: list[Run]) -> Run:
    """Processes one after the other as one run."""
    added = (name for name in asdict(runs[0]) if name not in ("peak_mib", "page_cache", "stages"))
    figures = {name: sum(getattr(run, name) for run in runs) for name in added}
    return Run(**figures, peak_mib=max(run.peak_mib for run in runs), page_cache=runs[0].page_cache)


def bench_tax(parts: Parts, data: Path, landed: Path, rows: int, bad: int) -> None:
    """The same landed rows typed only, judged, conformed with everything around it, and judged by another tool."""
    for name, words, what in (
        ("typed", (), "every cell cast and written, nothing checked"),
        ("judged", (), "every rule, silver and quarantine"),
        ("stages", ("conform",), "the whole stage: rules, silver, quarantine, gate, receipts, ledger"),
        ("gx", (), "Great Expectations only, without check digits"),
    ):
        with folder_in(data) as root:
            shutil.copytree(landed, root / "home")
            run, figures = job(name, root / "home", *words, environment=CONTRACTS)
            if figures.get("quarantined", bad) != bad:
                raise SystemExit(f"{name}: {figures['quarantined']} of {rows} rows set aside instead of {bad}")
            parts.add("tax", "conform" if words else name, what, (run, figures))


# --- the report


def table(parts: Parts) -> str:
    """The medians as a person reads them; `inside` is without the process's start."""
    rows = [["", "", "wall s", "inside s", "cpu s", "peak MiB", "runs", ""]]
    for one in parts.values():
        walls = [run.wall for run in one.runs]
        inside = [sum(run.stages.values()) for run in one.runs]
        cpu = [run.user + run.system for run in one.runs]
        cells = [f"{statistics.median(figures):.2f}" for figures in (walls, inside, cpu)]
        peak = max(run.peak_mib for run in one.runs)
        shares = [overhead(figures["dbt"]) for figures in one.figures if one.group == "dbt"]
        what = f"{one.what}: dbt takes {statistics.median(shares):.2f} × its SQL" if shares else one.what
        rows.append([one.group, one.name, *cells, f"{peak:.0f}", str(len(one.runs)), what])
    return text_table(rows, left=(0, 1, 7))


def overhead(dbt: dict[str, float]) -> float:
    """All of dbt's time against the part in which a statement ran."""
    return dbt["wall"] / dbt["sql"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.stages", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and one run: does it work, not how fast")
    parser.add_argument("--size", choices=list(SIZES), default="1.5M", help="the province [default: 1.5M]")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows for the validation tax [default: 1,000,000]")
    parser.add_argument("--only", action="append", choices=GROUPS, help="may be repeated [default: all]")
    parser.add_argument("--runs", type=int, default=5, help="runs a figure [default: 5]")
    parser.add_argument("--data", type=Path, default=DATA, help=f"where files are kept [default: {DATA}]")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"where the JSON goes [default: {RESULTS}]")
    options = parser.parse_args()
    if options.quick:
        options.size, options.rows, options.runs = "quick", 5_000, 1
    return options


def main() -> int:
    """Measures, prints the medians, writes the JSON."""
    options = _options()
    os.environ.update(FROZEN)
    data, wanted = options.data.resolve(), set(options.only or GROUPS)
    data.mkdir(parents=True, exist_ok=True)
    parts, file = Parts(), result_file(options.out, "stages")
    report = {
        "at": now(),
        "machine": machine(data) | versions(*SAIL.packages),
        "size": options.size,
        "quick": options.quick,
    }
    report |= {"province": asdict(SIZES[options.size]), "rows": options.rows}
    for number, _ in enumerate(measured(parts, options, data, wanted)):
        say(f"{number + 1} of {options.runs}")
        write_json(file, report | {"parts": [asdict(one) for one in parts.values()]})
    print(table(parts))
    say(f"{file}")
    return 0


def measured(parts: Parts, options: argparse.Namespace, data: Path, wanted: set[str]) -> Iterator[None]:
    """Everything that is wanted, run by run; what the runs start from is made before."""
    with folder_in(data) as root:
        files = province(data, SIZES[options.size]) if wanted & {"stages", "models"} else None
        if files and "models" in wanted:
            drop(files, root / "built" / "landing", "first")
            timed([sys.executable, "-m", "bench.lakewarden", root / "built"], environment=clock("first"))
        if "tax" in wanted:
            name = f"bench-{options.rows}-{SEED}.csv"
            rows, bad = cached(data, name, lambda path: write_file(path, INSPECTIONS, options.rows))
            dropped(root / "landed", rows)
            job("stages", root / "landed", "land", environment=CONTRACTS)
        for _ in range(options.runs):
            if "engine" in wanted:
                bench_engine(parts, data)
            if "tax" in wanted:
                bench_tax(parts, data, root / "landed", options.rows, bad)
            if files and "stages" in wanted:
                bench_stages(parts, files, data)
            if "models" in wanted:
                bench_models(parts, root / "built")
            yield


if __name__ == "__main__":
    sys.exit(main())
