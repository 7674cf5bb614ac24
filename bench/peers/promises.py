"""A peer's files and what became of their rows flow in; what Lakewarden promises beside its tables flows out.

What Polars' and DuckDB's second forms have in common: archive, bronze, receipts, counts at each hop, the serving file.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.peers.files import CORES, FAULT, LINE, RAW, Delivered
from bench.peers.receipts import Finding, Receipt, write_receipt

MOMENT = pa.timestamp("us", "UTC")

# The numbers of some rows, and what is said of each.
Said = tuple[np.ndarray, list[list[str]]]


@dataclass(frozen=True)
class Hop:
    """How many rows of a delivery went into a step, came out of it, and were set aside by it."""

    _delivery: str
    feed: str
    hop: str
    rows_in: int
    rows_out: int
    rows_aside: int


@dataclass(frozen=True)
class JudgedFeed:
    """The new files of a feed with their times of receipt, and all their rows as delivered, in the files' order.

    `place` has the file of each row; `accepted` and `quarantined` count by file what silver and quarantine were given;
    `reasons` has what is said of quarantined rows, `flags` of accepted ones.
    """

    files: Sequence[Delivered]
    received: Sequence[datetime]
    rows: pa.Table
    place: np.ndarray
    accepted: Sequence[int]
    quarantined: Sequence[int]
    reasons: Said
    flags: Said


class Promises:
    """What is kept of one pass below `out`; `append` adds rows to a Delta table in the peer's own way."""

    def __init__(self, out: Path, moment: datetime, append: Callable[[Path, pa.Table], None]) -> None:
        self.out, self.moment, self.append = out, moment, append
        self.hops: list[Hop] = []

    def archive(self, files: Sequence[Delivered]) -> None:
        """Every new file as it came, by the hash of its content."""
        folder = self.out / "archive"
        folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(lambda file: shutil.copyfile(file.path, folder / file.sha256), files))

    def judged(self, feed: JudgedFeed) -> None:
        """Bronze and receipts of a feed, and the first two hops of its deliveries."""
        self._land(feed)
        landed = np.bincount(feed.place, minlength=len(feed.files)).tolist()
        for file, bronze, accepted, quarantined in zip(
            feed.files, landed, feed.accepted, feed.quarantined, strict=True
        ):
            name = file.contract.name
            self.hops.append(Hop(file.sha256, name, "land", file.rows.num_rows, bronze, 0))
            self.hops.append(Hop(file.sha256, name, "conform", bronze, accepted, quarantined))
        self._tell(feed)

    def _land(self, feed: JudgedFeed) -> None:
        """Adds the rows to bronze as delivered, every cell as text."""
        rows, contract = feed.rows, feed.files[0].contract
        place = pa.array(feed.place, pa.int32())
        names = [*(column.name for column in contract.columns), RAW, FAULT]
        nothing = pa.nulls(len(rows), pa.string())
        text = {name: rows[name] if name in rows.column_names else nothing for name in names}
        origin = {
            "_delivery": pa.DictionaryArray.from_arrays(place, [file.sha256 for file in feed.files]),
            LINE: rows[LINE],
            "_department": pa.DictionaryArray.from_arrays(place, [file.department for file in feed.files]),
            "_received_at": pa.array(feed.received, MOMENT).take(place),
        }
        self.append(self.out / "bronze" / contract.name, pa.table(text | origin))

    def _tell(self, feed: JudgedFeed) -> None:
        """A receipt for every file, with what is said of its rows in the order of their lines."""
        rejected, reasons = _by_file(feed, feed.reasons)
        _, flags = _by_file(feed, feed.flags)
        cells = feed.rows.take(pa.array(rejected, pa.int64()))
        start = 0
        for number, file in enumerate(feed.files):
            end = start + len(reasons[number])
            receipt = Receipt(file, feed.received[number], feed.accepted[number], reasons[number], flags[number])
            write_receipt(
                self.out / "receipts" / file.department / file.folder, receipt, cells.slice(start, end - start)
            )
            start = end

    def reconcile(self, hops: Sequence[Hop] = ()) -> None:
        """Stops if a row was lost at any hop so far; the next call begins with the hops after these."""
        self.hops += hops
        for hop in self.hops:
            if hop.rows_in != hop.rows_out + hop.rows_aside:
                raise SystemExit(f"rows are lost, nothing is published: {hop}")
        if self.hops:
            known = pa.Table.from_pylist([asdict(hop) for hop in self.hops])
            checked = pa.repeat(pa.scalar(self.moment, MOMENT), len(known))
            self.append(self.out / "ops" / "reconciliation", known.append_column("checked_at", checked))
        self.hops = []

    @contextmanager
    def serving(self) -> Iterator[Path]:
        """Where the new serving file is written: whoever opens it has the one before whole, or this one."""
        file = self.out / "serving" / "lakewarden.duckdb"
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        yield part
        part.replace(file)


def _by_file(feed: JudgedFeed, said: Said) -> tuple[np.ndarray, list[list[Finding]]]:
    """The rows of which something is said, by file and line, and by file what is said."""
    rows, texts = said
    lines = feed.rows[LINE].take(pa.array(rows, pa.int64())).to_numpy()
    order = np.lexsort((lines, feed.place[rows]))
    found: list[list[Finding]] = [[] for _ in feed.files]
    for place, file in zip(order.tolist(), feed.place[rows][order].tolist(), strict=True):
        found[file].append(Finding(int(lines[place]), texts[place]))
    return rows[order], found
