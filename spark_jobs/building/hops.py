"""Hops of deliveries from table to table flow in; the books of them, and where rows are missing, flow out."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from schemas.contract import contracts, feeds, table_of
from spark_jobs.building.outward import outward_flows, outward_inputs
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.ledger import read_ledger
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import merge, overwrite, read, version
from spark_jobs.lake.upkeep import keep_up

# Of `ops.reconciliation`, in the order of a hop's fields.
COLUMNS = ["_delivery", "feed", "hop", "rows_in", "rows_out", "rows_aside"]
COUNTED = COLUMNS[3:]
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
        return dict(zip(COLUMNS, astuple(self), strict=True)) | {"checked_at": moment}


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


def merged_rows(home: Home) -> dict[tuple[str, str], int]:
    """How many accepted rows of a delivery each base table is proven to know, by (delivery, table)."""
    return {
        (hop.delivery, hop.name.partition(".")[2]): hop.rows_in
        for hop in told(home)
        if hop.name not in HOPS and not hop.rows_missing
    }


def record(home: Home, hops: list[Hop]) -> None:
    """Writes the hops that are not yet told so."""
    known = set(told(home))
    if fresh := [hop for hop in hops if hop not in known]:
        contract, moment = contracts()["ops.reconciliation"], now()
        rows = pa.Table.from_pylist([hop.row(moment) for hop in fresh], schema=table_schema(contract))
        merge(home.table("ops", contract.table), rows, contract.key)


def losses(home: Home) -> list[Loss]:
    """Where rows are missing, as last counted."""
    ledger = {one.delivery: one for one in read_ledger(home, [("state", "=", "accepted")])}
    return [
        Loss(ledger[hop.delivery].department, hop.feed, ledger[hop.delivery].file_name, hop.name, hop.rows_in, missing)
        for hop in told(home)
        if (missing := hop.rows_missing) and hop.delivery in ledger
    ]


def keep_flows(home: Home) -> None:
    """Writes `ops.flow`, if its inputs are others since: the hops of accepted deliveries, added up, and
    what was sent to departments."""
    read_from = (("ops", "delivery"), ("ops", "reconciliation"), *outward_inputs())
    inputs = {name: str(version(home.table(layer, name))) for layer, name in read_from}
    mark = Mark(home.state / "flows.json", {**inputs, "declared": declared()})
    if mark.is_current() or "ops.flow" not in contracts():
        return
    rows = [
        {
            "department": flow["department"],
            "feed": flow["feed"],
            "feed_title": feeds()[flow["feed"]].title,
            "hop": flow["hop"],
            "hop_title": _title(flow["hop"]),
            "deliveries": flow["_delivery_count"],
            **{name: flow[f"{name}_sum"] for name in COUNTED},
            "rows_missing": flow["rows_in_sum"] - flow["rows_out_sum"] - flow["rows_aside_sum"],
        }
        for flow in _added_up(home)
        if flow["feed"] in feeds()
    ]
    rows += outward_flows(home)
    overwrite(home.table("ops", "flow"), pa.Table.from_pylist(rows, table_schema(contracts()["ops.flow"])))
    keep_up(home, "ops", written={"flow"})
    mark.keep()


def _added_up(home: Home) -> list[dict[str, Any]]:
    """One row a department, feed and hop, in that order."""
    accepted = read(home.table("ops", "delivery"), ["_delivery", "department"], [("state", "=", "accepted")])
    hops = read(home.table("ops", "reconciliation"), COLUMNS).join(accepted, "_delivery", join_type="inner")
    by = ["department", "feed", "hop"]
    summed = hops.group_by(by).aggregate([("_delivery", "count"), *((name, "sum") for name in COUNTED)])
    rows: list[dict[str, Any]] = summed.sort_by([(name, "ascending") for name in by]).to_pylist()
    return rows


def told(home: Home) -> list[Hop]:
    """Every hop in the books."""
    return [Hop(*row.values()) for row in read(home.table("ops", "reconciliation"), COLUMNS).to_pylist()]


def _title(hop: str) -> str:
    return HOPS.get(hop) or (table_of(hop).title if hop in contracts() else hop.partition(".")[2])
