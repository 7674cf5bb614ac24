"""The benches' JSON flows in; plots for docs/benchmarks.md flow out as SVG, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from bench.figures import STAGES, stage_times, wall

Json = dict[str, Any]
mpl.use("svg")
mpl.rcParams.update({"svg.hashsalt": "lakewarden", "svg.fonttype": "none", "font.size": 9, "axes.axisbelow": True})
COLOURS = {"first": "#1f5a96", "next": "#e08a2c", "idle": "#8a8a8a"}


def draw(found: dict[str, Json], folder: Path) -> Iterator[Path]:
    """Every plot that there are figures for."""
    folder.mkdir(parents=True, exist_ok=True)
    if province := found.get("province"):
        for size in province["sizes"]:
            yield _kept(_walls(province, size), folder / f"bench-province-{size}.svg")
            yield _kept(_stacked(province, size), folder / f"bench-stages-{size}.svg")
    if growth := found.get("growth"):
        yield _kept(_days(growth), folder / "bench-growth.svg")
    if dashboards := found.get("dashboards"):
        yield _kept(_crowds(dashboards), folder / "bench-dashboards.svg")


def _kept(figure: Any, file: Path) -> Path:
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    return file


def _timed(report: Json, size: str) -> list[str]:
    return [name for name in report["contenders"] if wall(report, size, name, "first")][::-1]


def _walls(report: Json, size: str) -> Any:
    """The passes of each contender, side by side."""
    names = _timed(report, size)
    figure, axes = plt.subplots(figsize=(7, 0.7 * len(names) + 1))
    for place, which in enumerate(COLOURS):
        heights = [wall(report, size, name, which) or 0 for name in names]
        bars = axes.barh(
            [row + 0.27 * (1 - place) for row in range(len(names))], heights, 0.25, label=which, color=COLOURS[which]
        )
        axes.bar_label(bars, [f"{height:.1f}" for height in heights], padding=2, fontsize=7)
    axes.set_yticks(range(len(names)), [report["contenders"][name]["title"] for name in names])
    axes.set_xlabel(f"seconds, {size} rows, warm, median")
    axes.margins(x=0.08)
    _topped(axes, len(COLOURS))
    return figure


def _stacked(report: Json, size: str) -> Any:
    """Where each contender's first pass goes."""
    names = _timed(report, size)
    figure, axes = plt.subplots(figsize=(7, 0.5 * len(names) + 1))
    ends = [0.0] * len(names)
    for stage in STAGES:
        widths = [stage_times(report, size, name).get(stage, 0.0) for name in names]
        axes.barh(range(len(names)), widths, 0.6, left=ends, label=stage)
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    axes.set_yticks(range(len(names)), [report["contenders"][name]["title"] for name in names])
    axes.set_xlabel(f"seconds of the first delivery by stage, {size} rows, warm, median")
    _topped(axes, len(STAGES))
    return figure


def _topped(axes: Any, columns: int) -> None:
    """The legend above, lines only for the seconds."""
    axes.grid(axis="x", alpha=0.4)
    axes.legend(frameon=False, ncols=columns, loc="lower center", bbox_to_anchor=(0.5, 1))


def _days(report: Json) -> Any:
    """What each day of a year costs."""
    days = report["days"]
    figure, panels = plt.subplots(3, 1, sharex=True, figsize=(7, 6))
    for axes, name, label, scale in zip(
        panels,
        ("wall", "bytes_read", "files"),
        ("wall seconds", "MB read", "files touched"),
        (1, 1e6, 1),
        strict=True,
    ):
        heights = [day[name] / scale for day in days]
        axes.plot([day["day"] for day in days], heights, ".", markersize=3, color=COLOURS["first"])
        axes.set_ylabel(label)
        axes.set_ylim(0, 1.05 * max(heights))
        axes.grid(alpha=0.4)
    panels[-1].set_xlabel("day")
    return figure


def _crowds(report: Json) -> Any:
    """The middle and the slow end of a chart query's time, by how many ask at once."""
    figure, axes = plt.subplots(figsize=(7, 3))
    people = list(report["users"])
    for state, colour in (("cold", COLOURS["first"]), ("warm", COLOURS["next"])):
        for quantile, line in (("p95", "-"), ("p50", ":")):
            times = [report["users"][number][state][quantile] for number in people]
            axes.plot(people, times, line, marker="o", markersize=3, color=colour, label=f"{state} {quantile}")
        axes.axhline(report["aims"][state], color=colour, linewidth=0.8, linestyle="--", label=f"{state} aim for p95")
    axes.set_yscale("log")
    axes.set_xlabel("people at once")
    axes.set_ylabel("milliseconds")
    axes.grid(alpha=0.4)
    axes.legend(frameon=False, fontsize=7, ncols=2)
    return figure
