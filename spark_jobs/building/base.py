"""Accepted deliveries that base does not have yet flow in; the base databases (基础库), merged and proven, flow out."""

# Engine and dbt are imported by what needs them: a run that finds nothing new must not pay for them.
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.contract import fed_tables, feeds
from spark_jobs.building.flows import Delivered, Flow, unmergeable, warning
from spark_jobs.building.hops import merged_rows
from spark_jobs.building.shapes import Shapes
from spark_jobs.lake.codes import write_codes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import data_files, is_empty, read
from spark_jobs.lake.upkeep import keep_up


@dataclass
class BaseBuild:
    """What was merged, empty figures if nothing was, and a sentence for every feed that is parked."""

    figures: dict[str, int | float | str] = field(default_factory=dict)
    parked: list[str] = field(default_factory=list)


def build_base(home: Home, full: bool = False) -> BaseBuild:
    """Merges accepted deliveries that base does not have yet; tables that are declared anew are built anew."""
    accepted = accepted_into_base(home)
    if not accepted:
        return BaseBuild()
    delivered = {delivery.feed for delivery in accepted}
    parked = {flow: why for flow, why in unmergeable().items() if flow[0] in delivered}
    renewed = {*fed_tables()} if full else {*Shapes.of(home).outdated()}
    renewed |= {c.rolls_up for c in fed_tables().values() if c.rolls_up and c.table in renewed}
    work = {flow: some for flow, some in _work(home, accepted, renewed).items() if flow not in parked}
    if not work:
        return BaseBuild(parked=[warning(flow, why) for flow, why in parked.items()])
    from spark_jobs.building.merging import Merging
    from spark_jobs.building.reconcile import reconcile

    write_codes(home)
    merging = Merging(home, _variables(home, accepted, work), _volume(work), {delivery.feed for delivery in accepted})
    empty = {table for _, table in work if is_empty(_path(home, table))}  # merging would be wasted on them
    merging.merge([*work], renewed | empty)
    lacking = reconcile(home, {flow: some for flow, some in work.items() if flow not in merging.parked}, merging.days)
    keep_up(home, "base", "themes", written={table for _, table in work})
    new = {delivery for some in work.values() for delivery in some}
    return BaseBuild(
        {"deliveries": len(new), "rows": sum(delivery.rows for delivery in new)},
        [warning(flow, why) for flow, why in {**parked, **merging.parked, **lacking}.items()],
    )


def accepted_into_base(home: Home) -> list[Delivered]:
    """The accepted deliveries of feeds that flow into a base table."""
    columns = ["_delivery", "department", "feed", "received_at", "bytes", "rows_accepted", "parts"]
    rows = read(home.table("ops", "delivery"), columns, [("state", "=", "accepted")]).to_pylist()
    flowing = {name for name, feed in feeds().items() if feed.into}
    known = [row for row in rows if row["feed"] in flowing]
    return [Delivered(*(row | {"parts": tuple(row["parts"] or ())}).values()) for row in known]


def _work(home: Home, accepted: list[Delivered], renewed: set[str]) -> dict[Flow, list[Delivered]]:
    """Which deliveries each table lacks, or lacks rows of that were accepted later (`lakewarden replay`)."""
    merged, known, into = merged_rows(home), fed_tables(), {name: feed.into for name, feed in feeds().items()}
    work: dict[Flow, list[Delivered]] = {}
    for delivery in accepted:
        for table in into[delivery.feed]:
            is_lacking = merged.get((delivery.name, table)) != delivery.rows
            if table in known and (is_lacking or table in renewed):
                work.setdefault((delivery.feed, table), []).append(delivery)
    return work


def _variables(home: Home, accepted: list[Delivered], work: dict[Flow, list[Delivered]]) -> dict[str, Any]:
    """What the models are told: the deliveries to read, since when to look for them, and each table's files."""
    to_read = _to_read(accepted, {delivery for some in work.values() for delivery in some})
    since = min(delivery.received_at for delivery in to_read)
    mentioning = {name for one in to_read if feeds()[one.feed].is_snapshot for name in (one.name, *one.parts) if name}
    return {
        "deliveries": sorted(delivery.name for delivery in to_read),
        "feeds": sorted({delivery.feed for delivery in to_read}),
        "since": _as_sql(since),
        "mentioning": sorted(mentioning),
        "mentioning_since": _as_sql(_first_received(home, mentioning, since)),
        "files": {table: len(data_files(_path(home, table))) for _, table in work},
    }


def _as_sql(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _first_received(home: Home, deliveries: set[str], since: datetime) -> datetime:
    """When the first of these was received, never after `since`: a part may have come with an earlier list."""
    if not deliveries:
        return since
    rows = read(home.table("ops", "delivery"), ["received_at"], [("_delivery", "in", sorted(deliveries))])
    moments: list[datetime] = rows["received_at"].to_pylist()
    return min(since, *moments)


def _to_read(accepted: list[Delivered], new: set[Delivered]) -> set[Delivered]:
    """The new deliveries, and after each new full snapshot the later ones of its source.

    A list that was held and is released late must be compared with the newer ones: what those do not mention is
    withdrawn from then on, so they are read once more.
    """
    first: dict[tuple[str, str], datetime] = {}
    for delivery in new:
        if feeds()[delivery.feed].is_snapshot:
            first[delivery.source] = min(first.get(delivery.source, delivery.received_at), delivery.received_at)
    later = {
        delivery for delivery in accepted if delivery.source in first and delivery.received_at >= first[delivery.source]
    }
    return new | later


def _path(home: Home, table: str) -> Path:
    return home.table(fed_tables()[table].layer, table)


def _volume(work: dict[Flow, list[Delivered]]) -> int:
    return sum(delivery.bytes for delivery in {delivery for some in work.values() for delivery in some})
