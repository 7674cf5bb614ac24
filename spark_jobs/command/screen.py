"""What a person sees: progress lines and closing tables on stderr, data on stdout."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from spark_jobs.command.records import moment, records, terminal_width
from spark_jobs.stage_report import StageReport

if TYPE_CHECKING:
    import pyarrow as pa

# A width that no table reaches.
UNBOUNDED = 1 << 20
# A folded column is still read.
NARROWEST = 24
notes = Console(stderr=True, highlight=False, soft_wrap=True)

PLURAL = re.compile(r"\b(\w+?)(ie)?s\b")
FIGURES = {
    "deliveries": "deliveries",
    "rows": "rows",
    "refused": "refused",
    "duplicate": "duplicates",
    "unpacked": "archives unpacked",
    "nil": "nil reports",
    "replayed": "deliveries judged again",
    "landed": "landed now",
    "held": "held",
    "accepted": "rows accepted",
    "quarantined": "rows quarantined",
    "parked": "feeds parked",
    "missing": "rows missing",
    "linked": "rows linked by name",
    "beyond_limit": "deliveries beyond the quarantine limit",
}


def counted(number: float, noun: str) -> str:
    """A number with what it counts, 1 row or 2 rows: `noun` is the plural, of which the first word in s is meant."""
    return f"{number:,} {PLURAL.sub(_singular, noun, count=1) if number == 1 else noun}"


def _singular(plural: re.Match[str]) -> str:
    return plural[1] + ("y" if plural[2] else "")


def say(text: str) -> None:
    """One line of progress."""
    notes.print(text, markup=False)


def report_line(report: StageReport) -> str:
    """A stage's report as one line."""
    figures = ", ".join(
        counted(value, FIGURES.get(name, name)) if isinstance(value, int | float) else f"{name} {value}"
        for name, value in report.figures.items()
        if value or name in ("deliveries", "rows")
    )
    done = figures or "done" if report.changed or figures else "nothing new"
    return f"{report.name:<8} {report.seconds:6.1f} s  {done}"


def summarise(reports: Sequence[StageReport]) -> None:
    """The closing table of a run."""
    if not any(report.changed or report.figures.get("refused") for report in reports):
        say(f"nothing new ({sum(report.seconds for report in reports):.1f} s)")
        return
    table = Table(box=None, pad_edge=False)
    for heading in (
        "deliveries",
        "accepted",
        "refused",
        "held",
        "rows in",
        "rows accepted",
        "rows quarantined",
        "seconds",
    ):
        table.add_column(heading, justify="right")
    figures = {name: value for report in reversed(reports) for name, value in report.figures.items()}
    land, conform = (next((r.figures for r in reports if r.name == name), {}) for name in ("land", "conform"))
    held = int(conform.get("held", 0))
    table.add_row(
        f"{int(figures.get('deliveries', 0)) + int(land.get('refused', 0)) + int(land.get('duplicate', 0)):,}",
        f"{int(conform.get('deliveries', 0)) - held:,}",
        f"{land.get('refused', 0):,}",
        f"{held:,}",
        f"{int(conform.get('accepted', 0)) + int(conform.get('quarantined', 0)):,}",
        f"{conform.get('accepted', 0):,}",
        f"{conform.get('quarantined', 0):,}",
        f"{sum(report.seconds for report in reports):.1f}",
    )
    notes.print(table)


def show_rows(rows: pa.Table, form: str, labels: Mapping[str, str] | None = None) -> None:
    """Writes rows to stdout as CSV, JSON, or a table; what is wider than the terminal as a record a block.

    `labels` are the columns' names in Chinese, which only records have room for.
    """
    listed = rows.to_pylist()
    if form == "json":
        json.dump(listed, sys.stdout, ensure_ascii=False, indent=1, default=str)
        sys.stdout.write("\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(rows.column_names)
        writer.writerows([row[name] for name in rows.column_names] for row in listed)
    else:
        table = _table(rows.column_names, ([_cell(row[name]) for name in rows.column_names] for row in listed))
        console = Console(highlight=False, width=terminal_width(), markup=False)
        natural = console.measure(table, options=console.options.update(max_width=UNBOUNDED)).maximum
        if natural <= console.width or not listed:
            console.print(table)
        else:
            show_lines(records(rows, labels or {}, console.width))


def show_lines(lines: Iterable[str]) -> None:
    """Lines on stdout as they are."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]], folded: Sequence[str] = ()) -> None:
    """An aligned table on stdout: a line a row where nobody looks, as in a pipe.

    In a terminal the `folded` columns are as narrow as they must be, and nothing else is cut: what is wider still is
    shown as a record a block.
    """
    listed = [list(row) for row in rows]
    table = _table(headings, listed, folded)
    width = terminal_width() if sys.stdout.isatty() else UNBOUNDED
    console = Console(highlight=False, width=width, markup=False)
    measured = console.measure(table, options=console.options.update(max_width=UNBOUNDED))
    if not sys.stdout.isatty():
        console.width = measured.maximum
    if measured.minimum <= console.width or not listed:
        console.print(table)
    else:
        import pyarrow as pa

        columns = zip(*listed, strict=True)
        show_lines(records(pa.table(dict(zip(headings, map(list, columns), strict=True))), {}, console.width))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], folded: Sequence[str] | None = None) -> Table:
    """The rows under their headings; only the columns that may be folded are, None: all."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        is_folded = folded is None or heading in folded
        table.add_column(
            heading, overflow="fold", no_wrap=not is_folded, min_width=NARROWEST if folded and is_folded else None
        )
    for row in rows:
        table.add_row(*row)
    return table


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    return "" if value is None else str(value)
