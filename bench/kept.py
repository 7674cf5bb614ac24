"""Full reports of the benches flow in; only what docs/benchmarks.md needs of them, medians instead of runs, flows out.

`bench/results/<bench>.json` keeps it. What a later report does not have, such as another size, stays as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

Json = dict[str, Any]
OF_ANY = ("at", "machine", "versions", "quick")
SIZES = ("peak_mib", "read_mib", "written_mib")
BENCHES = ("province", "stages", "landing", "growth", "dashboards")


def newest(folder: Path, is_quick: bool, kept: Path | None = None) -> dict[str, Json]:
    """What is known of each bench: from its full reports in a folder, the newest first, then from what is kept."""
    known: dict[str, Json] = {}
    for name in BENCHES:
        reports = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob(f"{name}-*.json"))]
        # A bench that was stopped has not all of its figures yet.
        whole = [one for one in reports if bool(one["quick"]) == is_quick and (one.keys() >= {*NEEDS.get(name, ())})]
        condensed = [condense(name, report) for report in whole]
        if kept and (file := kept / f"{name}.json").exists():
            condensed.insert(0, json.loads(file.read_text("utf-8")))
        if condensed:
            known[name] = MERGED.get(name, lambda reports: reports[-1])(condensed)
    return known


def keep(known: Mapping[str, Json], folder: Path) -> None:
    """Writes what is known; a line of JSON a figure, so that a change shows what changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, report in known.items():
        parts = [f"{json.dumps(key)}: {_lines(value)}" for key, value in report.items()]
        (folder / f"{name}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


def _lines(value: Any) -> str:
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]"


def condense(name: str, report: Json) -> Json:
    """What the page needs of a full report."""
    return {key: report[key] for key in OF_ANY if key in report} | CONDENSED[name](report)


def _condense_province(report: Json) -> Json:
    groups: dict[tuple[str, str, str], list[Json]] = {}
    for run in report["runs"]:
        groups.setdefault((run["size"], run["contender"], run["cache"]), []).append(run["passes"])
    runs = [
        {"size": size, "contender": name, "cache": cache, "runs": len(passes)}
        | {f"{which}_wall": median(one[which]["wall"] for one in passes) for which in passes[0]}
        | _used([one["first"] for one in passes])
        | {"page_cache": " ".join(sorted({one["first"]["page_cache"] for one in passes}))}
        | {"stages": _stages([one["first"]["stages"] for one in passes])}
        for (size, name, cache), passes in groups.items()
    ]
    checks = {
        size: {
            name: {"is_equal": said["is_equal"], "differences": said["differences"][:1]} for name, said in of.items()
        }
        for size, of in report["checks"].items()
    }
    told = {key: report[key] for key in ("contenders", "left_out", "sizes")}
    return told | {"checks": checks, "runs": runs}


def _used(runs: Sequence[Json]) -> Json:
    """Processor seconds, memory and bytes of a run."""
    cpu = {"cpu": median(run["user"] + run["system"] for run in runs)}
    return cpu | {name: median(run[name] for run in runs) for name in SIZES}


def _stages(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {stage: median(run[stage] for run in runs) for stage in runs[0]}


def _condense_stages(report: Json) -> Json:
    return {"rows": report["rows"], "parts": [_condense_part(part) for part in report["parts"]]}


def _condense_part(part: Json) -> Json:
    runs, spent = part["runs"], [figures["dbt"] for figures in part["figures"] if part["group"] == "dbt"]
    condensed = {key: part[key] for key in ("group", "name", "what")} | {"runs": len(runs)}
    condensed |= {"wall": median(run["wall"] for run in runs)}
    condensed |= {"inside": median(sum(run["stages"].values()) for run in runs)}
    condensed |= {"work": median(run["stages"].get("work", run["wall"]) for run in runs)} | _used(runs)
    if spent:
        condensed |= {f"dbt_{name}": median(one[name] for one in spent) for name in ("wall", "sql", "statements")}
        condensed["dbt_ratio"] = median(one["wall"] / one["sql"] for one in spent)
    return condensed


def _condense_landing(report: Json) -> Json:
    said = ("name", "what", "unit", "bar", "value", "wall")
    measures = [
        {key: one[key] for key in said}
        | {"cpu": median(run["user"] + run["system"] for run in one["runs"]), "runs": len(one["runs"])}
        | {"peak_mib": max(run["peak_mib"] for run in one["runs"])}
        for one in report["measures"]
    ]
    return {"measures": measures}


def _condense_growth(report: Json) -> Json:
    days = [{name: day[name] for name in ("day", "wall", "bytes_read", "files")} for day in report["days"]]
    return {key: report[key] for key in ("bar", "ratio", "equal_to_rebuild", "growth")} | {"days": days}


def _condense_dashboards(report: Json) -> Json:
    users = {
        number: {state: {name: states[state][name] for name in ("p50", "p95")} for state in report["aims"]}
        for number, states in report["users"].items()
    }
    return {key: report[key] for key in ("rows", "aims", "table")} | {"users": users}


def _by_size(reports: Sequence[Json]) -> Json:
    """The newest report of the province, its sizes completed from older ones."""
    whole = {**reports[-1], "runs": [], "checks": {}, "sizes": {}, "contenders": {}}
    for report in reversed(reports):
        whole["contenders"] = report["contenders"] | whole["contenders"]
        for size in [size for size in report["sizes"] if size not in whole["checks"] and size in report["checks"]]:
            whole["sizes"][size] = report["sizes"][size]
            whole["checks"][size] = report["checks"][size]
            whole["runs"] += [run for run in report["runs"] if run["size"] == size]
    return whole


def _by_figure(reports: Sequence[Json]) -> Json:
    """The newest report of landing, its figures completed from older ones."""
    measures = {measure["name"]: measure for report in reports for measure in report["measures"]}
    return {**reports[-1], "measures": list(measures.values())}


CONDENSED: dict[str, Callable[[Json], Json]] = {
    "province": _condense_province,
    "stages": _condense_stages,
    "landing": _condense_landing,
    "growth": _condense_growth,
    "dashboards": _condense_dashboards,
}
MERGED: dict[str, Callable[[Sequence[Json]], Json]] = {"province": _by_size, "landing": _by_figure}
NEEDS = {"dashboards": ("table",)}
