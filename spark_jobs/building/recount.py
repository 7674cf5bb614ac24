"""The whole lake flows in; how many rows of every accepted delivery lie in each table now flows out, into the books."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from schemas.contract import fed_tables, feeds
from spark_jobs.building.base import accepted_into_base
from spark_jobs.building.flows import Delivered, Flow, hop_into
from spark_jobs.building.hops import Hop, keep_flows, record, told
from spark_jobs.building.reconcile import reconcile
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, read_ledger
from spark_jobs.lake.tables import read


def recount(home: Home) -> int:
    """Counts every accepted delivery's rows at every hop and records it; returns how many deliveries there are."""
    deliveries = [one for one in read_ledger(home, [("state", "=", "accepted")]) if one.feed in feeds()]
    record(home, _counted(home, deliveries))
    merged = {(hop.delivery, hop.name): hop.rows_in for hop in told(home)}
    work: dict[Flow, list[Delivered]] = {}
    for delivery in accepted_into_base(home):
        for table in feeds()[delivery.feed].into:
            # What was never merged, or not since it was replayed, is not lost: it waits for a run.
            if merged.get((delivery.name, hop_into(table))) == delivery.rows:
                work.setdefault((delivery.feed, table), []).append(delivery)
    if work:
        connect(home, needs={f"silver.{feed}" for feed, _ in work} | {fed_tables()[table].name for _, table in work})
        reconcile(home, work)
    keep_flows(home)
    return len(deliveries)


def _counted(home: Home, deliveries: list[Delivery]) -> list[Hop]:
    """The hops up to silver, as bronze, silver and quarantine hold the rows now."""
    hops = []
    for feed in sorted({delivery.feed for delivery in deliveries}):
        bronze, silver, aside = (
            _rows_by_delivery(home.table(layer, feed)) for layer in ("bronze", "silver", "quarantine")
        )
        for delivery in (one for one in deliveries if one.feed == feed):
            name = delivery.delivery
            hops.append(Hop(name, feed, "land", delivery.rows, bronze[name], 0))
            hops.append(Hop(name, feed, "conform", delivery.rows, silver[name], aside[name]))
    return hops


def _rows_by_delivery(path: Path) -> Counter[str]:
    counted = read(path, ["_delivery"])["_delivery"].value_counts().to_pylist()
    return Counter({count["values"]: count["counts"] for count in counted})
