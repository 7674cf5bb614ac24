"""Size, seed and last day flow in; a province's landing files, its truth file and a report flow out."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

from schemas.contract import feeds
from simulate.bad_files import write_bad_files
from simulate.deliveries import make_deliveries
from simulate.feeds import STORIES, why_not
from simulate.files import TRUTH_COLUMNS, Truth, write_delivery
from simulate.firms import Period


@dataclass(frozen=True)
class SimulationReport:
    """What was written: files and their rows by feed, and how much of it is knowingly wrong."""

    files: int
    rows: dict[str, int]
    quarantined_rows: int
    flagged_rows: int
    refused_files: int
    truth: Path
    seconds: float


def simulate(
    objects: int,
    days: int,
    seed: int,
    out: Path,
    until: date,
    truth: Path | None = None,
    bad_files: bool = False,
    daily: bool = False,
    say: Callable[[str], object] = print,
) -> SimulationReport:
    """Writes `<out>/<department>/<feed>/<file>` and the truth, which by default lies beside `out`, never in it.

    Daily: a file every day instead of every week or month. The same objects, days, seed and until give the same bytes.
    """
    if objects < 1 or days < 1:
        raise ValueError(f"objects and days must be at least 1, not {objects} and {days}")
    started = time.perf_counter()
    period = Period.until(until, days)
    say(f"simulating {objects:,} objects from {period.first} to {period.last}, seed {seed}")
    rows: Counter[str] = Counter()
    files: Counter[str] = Counter()
    found: list[Truth] = []
    for delivery in make_deliveries(objects, period, seed, daily):
        feed = f"{delivery.department}/{delivery.folder}"
        if feed not in files:
            say(f"  {feed}")
        found += write_delivery(delivery, out, seed)
        files[feed] += 1
        rows[feed] += len(next(iter(delivery.rows.values())))
    for name, contract in feeds().items():
        if name not in STORIES and (why := why_not(contract)):
            say(f"  {name} is not simulated: {why}")
    refused = write_bad_files(out, period) if bad_files else []
    path = truth or out.parent / "truth.csv"
    write_truth(path, found + refused)
    return SimulationReport(
        files=files.total() + len(refused),
        rows=dict(rows),
        quarantined_rows=_lines(found, "quarantine"),
        flagged_rows=_lines(found, "flag"),
        refused_files=len(refused),
        truth=path,
        seconds=time.perf_counter() - started,
    )


def _lines(found: list[Truth], verdict: str) -> int:
    return len({(t.department, t.feed, t.file, t.line) for t in found if t.verdict == verdict})


def write_truth(path: Path, found: list[Truth]) -> None:
    """Writes the truth as CSV, one line a dirty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TRUTH_COLUMNS)
        writer.writerows(astuple(one) for one in found)
