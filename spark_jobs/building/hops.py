"""Hops of deliveries from table to table flow in; the books of them, and where rows are missing, flow out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from schemas.contract import contracts, feeds, table_of
from spark_jobs.building.flows import HOP
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.ledger import read_ledger
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import merge, overwrite, read, version
from spark_jobs.lake.upkeep import keep_up

# How people call the hops; one into a base table has the table's title.
HOPS = {"land": "接收落地", "conform": "逐行校核"}


@dataclass(frozen=True)
class Hop:
    """A delivery on its way from one table into the next: its rows before, those that arrived, those set aside."""

    delivery: str
    feed: str
    name: str
    rows_in: int
    rows_out: int
    rows_aside: int

    @property
    def rows_missing(self) -> int:
        """How many rows are lost."""
        return self.rows_in - self.rows_out - self.rows_aside

    def row(self, moment: datetime) -> dict[str, Any]:
        """The row of `ops.reconciliation`."""
        return {"_delivery": self.delivery, "feed": self.feed, "hop": self.name, "checked_at": moment} | self.counts

    @property
    def counts(self) -> dict[str, int]:
        """The columns of `ops.reconciliation` that count rows."""
        return {"rows_in": self.rows_in, "rows_out": self.rows_out, "rows_aside": self.rows_aside}


@dataclass(frozen=True)
class Loss:
    """Rows of a delivery that are not where they should be: on which hop, how many of how many."""

    department: str
    feed: str
    file_name: str
    hop: str
    rows_in: int
    rows_missing: int

    def __str__(self) -> str:
        table = {"land": f"bronze.{self.feed}", "conform": f"silver.{self.feed}"}.get(self.hop, self.hop)
        mended = "the next run merges them again" if table == self.hop else "its versions: lakewarden show " + table
        return (
            f"{self.department}/{self.feed}/{self.file_name}: {self.rows_missing} of {self.rows_in} rows are missing "
            f"in {table}; {mended}"
        )


def record(home: Home, hops: list[Hop]) -> None:
    """Writes the hops that are not yet told so."""
    contract, moment = contracts()["ops.reconciliation"], now()
    path = home.table("ops", contract.table)
    told = {(row["_delivery"], row["hop"]): row for row in read(path).to_pylist()}
    fresh = [hop for hop in hops if not hop.counts.items() <= told.get((hop.delivery, hop.name), {}).items()]
    if fresh:
        rows = pa.Table.from_pylist([hop.row(moment) for hop in fresh], schema=table_schema(contract))
        merge(path, rows, contract.key)


def losses(home: Home) -> list[Loss]:
    """Where rows are missing, as last counted."""
    ledger = {one.delivery: one for one in read_ledger(home, [("state", "=", "accepted")])}
    return [
        Loss(ledger[hop.delivery].department, hop.feed, ledger[hop.delivery].file_name, hop.name, hop.rows_in, missing)
        for hop in _told(home)
        if (missing := hop.rows_missing) and hop.delivery in ledger
    ]


def keep_flows(home: Home) -> None:
    """Writes `ops.flow`, if hops are others since: what `ops.reconciliation` says of accepted deliveries, added up."""
    told = str(version(home.table("ops", "reconciliation")))
    mark = Mark(home.state / "flows.json", {"reconciliation": told, "declared": declared()})
    if mark.is_current() or "ops.flow" not in contracts():
        return
    ledger = {one.delivery: one for one in read_ledger(home, [("state", "=", "accepted")])}
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for hop in _told(home):
        if hop.delivery in ledger and hop.feed in feeds():
            summed = counts.setdefault((ledger[hop.delivery].department, hop.feed, hop.name), Counter())
            summed.update(hop.counts, deliveries=1, rows_missing=hop.rows_missing)
    rows = [
        {
            "department": department,
            "feed": feed,
            "feed_title": feeds()[feed].title,
            "hop": hop,
            "hop_title": _title(hop),
        }
        | {name: summed[name] for name in ("deliveries", "rows_in", "rows_out", "rows_aside", "rows_missing")}
        for (department, feed, hop), summed in sorted(counts.items())
    ]
    overwrite(home.table("ops", "flow"), pa.Table.from_pylist(rows, table_schema(contracts()["ops.flow"])))
    keep_up(home, "ops", written={"flow"})
    mark.keep()


def _told(home: Home) -> list[Hop]:
    columns = ["_delivery", "feed", "hop", "rows_in", "rows_out", "rows_aside"]
    return [Hop(*row.values()) for row in read(home.table("ops", "reconciliation"), columns).to_pylist()]


def _title(hop: str) -> str:
    return HOPS.get(hop) or (table_of(hop).title if hop in contracts() else hop.removeprefix(HOP))
