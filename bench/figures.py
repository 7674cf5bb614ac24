"""What is kept of the benches (kept.py) flows in; the rows of docs/benchmarks.md and the aims flow out as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]
Rows = list[Sequence[str]]
OURS, PLAIN = "lakewarden_sail", "plain_pyspark"
MAIN_SIZE = "1.5M"
AIMED_AT = {"1", "8"}
PASSES = ("first", "next", "idle")
STAGES = ("land", "conform", "base", "themes", "gold", "validate", "publish")


def chosen(report: Json, size: str, name: str, cache: str) -> Json | None:
    """What a contender's runs came to, if there were any."""
    place = {"size": size, "contender": name, "cache": cache}
    return next((run for run in report["runs"] if all(run[key] == value for key, value in place.items())), None)


def wall(report: Json, size: str, name: str, which: str, cache: str = "warm") -> float | None:
    """The wall time of a pass, if it was measured."""
    runs = chosen(report, size, name, cache)
    return runs[f"{which}_wall"] if runs else None


# --- aims


def aims(found: dict[str, Json]) -> Iterator[tuple[str, str, str, str]]:
    """Every aim with its bar, what was measured and whether that is enough."""
    if province := found.get("province"):
        yield from _against_others(province)
    if stages := found.get("stages"):
        for part in (part for part in stages["parts"] if part["group"] == "dbt"):
            ratio = part["dbt_ratio"]
            said = f"dbt's wall time against its SQL's, {part['name']}"
            yield said, "≤ 1.3 ×", f"{ratio:.3f} ×", _met(ratio <= 1.3)
    for one in found.get("landing", {}).get("measures", ()):
        if one["bar"] is not None:
            yield (
                one["what"],
                f"≤ {one['bar']:g} {one['unit']}",
                f"{one['value']:.2f}",
                _met(one["value"] <= one["bar"]),
            )
    if growth := found.get("growth"):
        compared, days = growth["growth"], len(growth["days"])
        ratio = growth["ratio"]
        said = (
            f"a day's wall time around day {days}, against around day {compared['early'][len(compared['early']) // 2]}"
        )
        yield said, f"≤ {growth['bar']} ×", f"{ratio:.2f} ×", _met(ratio <= growth["bar"])
        equal = growth["equal_to_rebuild"]
        yield (
            f"{days} days of deliveries equal a full rebuild, by hash",
            "all tables",
            "equal" if equal else "not",
            _met(equal),
        )
    if served := found.get("dashboards"):
        for number in sorted(AIMED_AT & served["users"].keys()):
            for state, bar in served["aims"].items():
                p95 = served["users"][number][state]["p95"]
                said = f"95 of 100 chart queries, {state}, {number} at once, {served['rows']:,} rows"
                yield said, f"≤ {bar:g} ms", f"{p95:.0f} ms", _met(p95 <= bar)


def _against_others(report: Json) -> Iterator[tuple[str, str, str, str]]:
    others = [name for name in report["contenders"] if name != OURS]
    for which in ("first", "next"):
        ours = wall(report, MAIN_SIZE, OURS, which)
        theirs = {name: time for name in others if (time := wall(report, MAIN_SIZE, name, which))}
        # Reports from before there were such contenders do not say who is one.
        equals = {name for name in theirs if report["contenders"][name].get("keeps_promises")}
        for whom, names in (("every contender", theirs.keys()), ("every contender with the same promises", equals)):
            if ours and names:
                best = min(names, key=lambda name: theirs[name])
                said = f"ahead of {whom}, {which} delivery, {MAIN_SIZE} rows"
                measured = f"{ours / theirs[best]:.2f} × {report['contenders'][best]['title']}"
                yield said, "≤ 1 × the fastest other", measured, _met(ours <= theirs[best])
        if ours and PLAIN in theirs:
            ratio = theirs[PLAIN] / ours
            yield (
                f"faster than plain PySpark, {which} delivery, {MAIN_SIZE} rows",
                "≥ 3 ×",
                f"{ratio:.1f} ×",
                _met(ratio >= 3),
            )
    if idle := wall(report, MAIN_SIZE, OURS, "idle"):
        yield f"a run with nothing new, {MAIN_SIZE} rows", "≤ 2 s", f"{idle:.2f} s", _met(idle <= 2)


def _met(is_met: bool) -> str:
    return "met" if is_met else "**missed**"


# --- tables


def machines(found: dict[str, Json]) -> Iterator[tuple[str, ...]]:
    """What each bench was measured on and with."""
    for name, report in found.items():
        here = report["machine"]
        own = ("cpu", "cores", "memory_gib", "load_before", "system", "filesystem", "commit")
        packages = {key: value for key, value in here.items() if key not in own} | report.get("versions", {})
        for contender in report.get("contenders", {}).values():
            packages |= contender["versions"]
        box = f"{here['cores']} × {here['cpu']}, {here['memory_gib']} GiB, {here['filesystem']}, {here['system']}"
        told = ", ".join(f"{package} {version}" for package, version in sorted(packages.items()))
        yield name, report["at"], here["commit"], f"{box}, load before {here['load_before']:.1f}", told


def equality(report: Json) -> Iterator[tuple[str, str]]:
    """Whether each contender's tables are equal, by size, and why who is not there is not."""
    titles = {name: contender["title"] for name, contender in report["contenders"].items()}
    for size, checks in report["checks"].items():
        for name, said in checks.items():
            yield f"{size}, {titles[name]}", "equal" if said["is_equal"] else _apart(said)
        for name, why in report["left_out"].items():
            yield f"{size}, {name}", f"left out: {why.splitlines()[0]}"


def _apart(said: Json) -> str:
    return "**not timed**: " + said["differences"][0].splitlines()[0].replace("|", "\\|")[:120]


def province(report: Json) -> Rows:
    """Every contender and size."""
    rows: Rows = [
        (
            "rows, contender",
            "cache",
            "first s",
            "next s",
            "idle s",
            "CPU s",
            "peak MiB",
            "read MiB",
            "written MiB",
            "runs",
        )
    ]
    for size in report["sizes"]:
        for name, contender in report["contenders"].items():
            for cache in ("warm", "cold"):
                if runs := chosen(report, size, name, cache):
                    times = [f"{runs[f'{which}_wall']:.2f}" for which in PASSES]
                    told = [*times, f"{runs['cpu']:.1f}", *_sizes(runs), f"{runs['runs']}"]
                    rows.append((f"{size}, {contender['title']}", runs["page_cache"], *told))
    return rows


def _sizes(runs: Json) -> list[str]:
    return [f"{runs[f'{name}_mib']:,.0f}" for name in ("peak", "read", "written")]


def province_stages(report: Json) -> Rows:
    """The seconds of each contender's stages in the first pass, warm."""
    rows: Rows = [("rows, contender", *(f"{stage} s" for stage in STAGES))]
    for size in report["sizes"]:
        for name, contender in report["contenders"].items():
            if times := stage_times(report, size, name):
                cells = (f"{times[stage]:.2f}" if stage in times else "" for stage in STAGES)
                rows.append((f"{size}, {contender['title']}", *cells))
    return rows


def stage_times(report: Json, size: str, name: str) -> dict[str, float]:
    """The seconds of each stage in the first pass, warm."""
    runs = chosen(report, size, name, "warm")
    return runs["stages"] if runs else {}


PARTS = ("wall s", "inside s", "CPU s", "peak MiB", "read MiB", "written MiB", "runs")


def stages(report: Json, groups: Sequence[str]) -> Rows:
    """The parts of these groups."""
    parts = [part for part in report["parts"] if part["group"] in groups]
    return [("part", *PARTS), *((_part_name(part), *_part(part)) for part in parts)]


def _part_name(part: Json) -> str:
    return f"engine start, {part['what']}" if part["group"] == "engine" else str(part["name"])


def _part(part: Json) -> list[str]:
    seconds = [f"{part[name]:.2f}" for name in ("wall", "inside", "cpu")]
    return [*seconds, *_sizes(part), f"{part['runs']}"]


def tax(report: Json) -> Rows:
    """The price of checking; without the start of process and engine, where a part is timed without them."""
    parts = [part for part in report["parts"] if part["group"] == "tax"]
    work = {part["name"]: part["work"] for part in parts}
    rows: Rows = [(f"{report['rows']:,} rows", "", "seconds", "× typed only", *PARTS)]
    for part in parts:
        told = (part["name"], part["what"], f"{part['work']:.2f}", f"{part['work'] / work['typed']:.2f}")
        rows.append((*told, *_part(part)))
    return rows


def dbt(report: Json) -> Rows:
    """dbt around its SQL, and one process against one a model."""
    rows: Rows = [("", "wall s", "of it SQL s", "ratio", "statements", "CPU s")]
    for part in report["parts"]:
        if part["group"] == "dbt":
            times = [f"{part[f'dbt_{name}']:.2f}" for name in ("wall", "sql", "ratio")]
            rows.append((part["name"], *times, f"{part['dbt_statements']:.0f}", ""))
        if part["group"] == "models":
            seconds, cpu = f"{part['wall']:.2f}", f"{part['cpu']:.1f}"
            rows.append((f"{part['what']} anew, {part['name']}", seconds, "", "", "", cpu))
    return rows


def landing(report: Json) -> Rows:
    """What bench/landing.py prints."""
    rows: Rows = [("", "value", "bar", "wall s", "CPU s", "peak MiB", "runs")]
    for one in report["measures"]:
        bar = "" if one["bar"] is None else f"≤ {one['bar']:g}"
        figures = (f"{one['wall']:.2f}", f"{one['cpu']:.2f}", f"{one['peak_mib']:,.0f}", f"{one['runs']}")
        rows.append((one["what"], f"{one['value']:.2f} {one['unit']}", bar, *figures))
    return rows


def growth(report: Json) -> Rows:
    """The last week of a year against the one around day 30."""
    compared = report["growth"]
    weeks = (f"days {days[0]} to {days[-1]}" for days in (compared["early"], compared["late"]))
    rows: Rows = [("median of a day", *weeks, "ratio")]
    for name, one in compared["figures"].items():
        ratio = "" if one["ratio"] is None else f"{one['ratio']:.2f}"
        rows.append((_with_unit(name), *(_in_unit(name, one[week]) for week in ("early", "late")), ratio))
    return rows


def _with_unit(name: str) -> str:
    unit = {"wall": " s", "cpu": " s"}.get(name.split()[-1], ", MB" if "bytes" in name else "")
    return f"{name.replace('bytes_', '').replace('_', ' ')}{unit}"


def _in_unit(name: str, figure: float) -> str:
    if "bytes" in name:
        return f"{figure / 1e6:,.1f}"
    return f"{figure:,.2f}" if name.endswith(("wall", "cpu")) else f"{figure:,.0f}"


def dashboards(report: Json) -> Rows:
    """What bench/dashboards.py prints."""
    return [tuple(row) for row in report["table"]]
