"""The benches' JSON flows in; docs/benchmarks.md with its figures renewed, its plots, and what it needs flow out.

python -m bench.report [--results DIR] [--docs DIR]

The benches' full reports lie in the temporary folder; bench/results keeps what the page needs of them. What is written
by hand around the marked blocks stays, and so does a block, or a row of a block about all benches, without a result.
One that never had any says how to get one.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import figures
from bench.kept import BENCHES, keep, newest
from bench.measure import RESULTS, ROOT, say

Json = dict[str, Any]
BLOCK = re.compile(r"(<!-- bench:(\w+) -->\n)(.*?)(<!-- /bench -->)", re.DOTALL)
# Blocks that several benches or sizes share, and how many cells tell their rows apart.
SHARED = {"aims": 1, "machine": 1, "equal": 1, "province": 2, "where": 1, "landing": 1}
KEPT = ROOT / "bench" / "results"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, headings first; columns of figures stand to the right."""
    is_figure = [all(not cell or cell[0].isdigit() for cell in column) for column in zip(*rows[1:], strict=True)]
    rule = ["---:" if figures else "---" for figures in is_figure or [False] * len(rows[0])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def shown(name: str, sizes: Sequence[str], what: str) -> str:
    """The plots of a block, below its table."""
    return "".join(f"\n\n![{what}, {size} rows](images/{name}-{size}.svg)" for size in sizes)


def blocks(found: dict[str, Json]) -> dict[str, Callable[[], str]]:
    """What each block of the page says."""
    return {
        "aims": lambda: markdown([("aim", "bar", "measured", ""), *figures.aims(found)]),
        "machine": lambda: markdown([("bench", "at", "commit", "machine", "with"), *figures.machines(found)]),
        "equal": lambda: markdown([("rows, contender", "tables"), *figures.equality(found["province"])]),
        "province": lambda: (
            markdown(figures.province(found["province"]))
            + shown("bench-province", found["province"]["sizes"], "Seconds of each contender")
        ),
        "where": lambda: (
            markdown(figures.province_stages(found["province"]))
            + shown("bench-stages", found["province"]["sizes"], "Seconds of each stage")
        ),
        "stages": lambda: markdown(figures.stages(found["stages"], ("stages", "engine"))),
        "tax": lambda: markdown(figures.tax(found["stages"])),
        "dbt": lambda: markdown(figures.dbt(found["stages"])),
        "landing": lambda: markdown(figures.landing(found["landing"])),
        "growth": lambda: (
            markdown(figures.growth(found["growth"])) + "\n\n![What each day costs](images/bench-growth.svg)"
        ),
        "dashboards": lambda: (
            markdown(figures.dashboards(found["dashboards"]))
            + "\n\n![How long a chart's query takes](images/bench-dashboards.svg)"
        ),
    }


def renewed(page: str, found: dict[str, Json]) -> str:
    """The page with every block written anew."""
    said = blocks(found)

    def block(match: re.Match[str]) -> str:
        opening, name, before, closing = match.groups()
        try:
            text = said[name]()
        except KeyError as absent:
            if absent.args[0] not in BENCHES:
                raise
            never = f"Not measured yet: `make bench`, or `python -m bench.{absent.args[0]}`."
            return f"{opening}{before.strip() or never}\n{closing}"
        return f"{opening}{_beside(before, text, SHARED[name]) if name in SHARED else text}\n{closing}"

    unknown = {name for _, name, *_ in BLOCK.findall(page)} - set(said)
    if unknown:
        raise SystemExit(f"the page has blocks that no bench fills: {', '.join(sorted(unknown))}")
    return BLOCK.sub(block, page)


def _beside(before: str, now: str, words: int) -> str:
    """A table with the rows said now, each in its old place, those not said anew as they were, and its plots."""
    (old_headings, old), (headings, new) = (_parts(text, words) for text in (before, now))
    plots = dict.fromkeys(line for line in (before + "\n" + now).splitlines() if line.startswith("!["))
    table = "\n".join([*(old_headings or headings), *(old | new).values()])
    return "\n\n".join([table, *plots])


def _parts(text: str, words: int) -> tuple[list[str], dict[tuple[str, ...], str]]:
    """A table's two lines of headings, and its rows by as many of their first cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return lines[:2], {tuple(line.split("|")[1 : 1 + words]): line for line in lines[2:]}


def main() -> int:
    """Renews the page and the plots."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="the figures of --quick runs: does it work")
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help=f"where the full reports are [default: {RESULTS}]"
    )
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where benchmarks.md is [default: docs]")
    options = parser.parse_args()
    found = newest(options.results, options.quick, None if options.quick else KEPT)
    if not options.quick:
        keep(found, KEPT)
    page = options.docs / "benchmarks.md"
    page.write_text(renewed(page.read_text(), found))
    from bench import plots  # only .venv-bench has Matplotlib

    for plot in plots.draw(found, options.docs / "images"):
        say(f"{plot}")
    say(f"{page}: {', '.join(found) or 'nothing measured yet'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
