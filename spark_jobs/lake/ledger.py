"""What became of each file: sidecars in the archive flow in, the ledger `ops.delivery` flows out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.contract import contracts, feeds
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.renamed import called_now
from spark_jobs.lake.sql import Where
from spark_jobs.lake.tables import data_files, merge, read, remove, version
from spark_jobs.lake.whole import write_whole

# States of a delivery; schemas/ops/delivery.yaml has all of them.
# Its rows lie in silver and quarantine, judged as the contract then was.
LOADED = ("accepted", "held")
# It was judged, and no run has anything left to do with it.
SETTLED = (*LOADED, "rejected")
# `lakewarden replay` put a held one back: all its rows are judged again, those in silver too.
REPLAY_ALL = "replay_all"
# `lakewarden replay` put an accepted one back: its quarantined rows are judged again, those in silver stay.
REPLAY_QUARANTINED = "replay_quarantined"
# It waits to be judged again.
REPLAYED = (REPLAY_ALL, REPLAY_QUARANTINED)


@dataclass(frozen=True)
class Delivery:
    """One file of a department, as landing found it; `columns` maps contract column to the heading delivered.

    `remarks` and `pages`: what its receipt says of how it was read, and of a workbook the rows of each page read.
    `stored`: what bronze calls a column that has got another name since. These four only sidecars keep.
    `parts`: of a full feed the identities of all files that are one list with it, itself among them; "" stands for one
    that could not be read or is missing. `keys_standing`, `keys_withdrawn`: how many keys stood of its source before
    it, and how many of them it does not mention.
    """

    delivery: str
    department: str
    folder: str
    feed: str
    file_name: str
    bytes: int
    received_at: datetime
    encoding: str = ""
    rows: int = 0
    columns: dict[str, str] | None = None
    state: str = "landed"
    reason: str = ""
    seconds: float = 0.0
    rows_accepted: int = 0
    rows_doubtful: int = 0
    rows_quarantined: int = 0
    duplicate_keys: int = 0
    corrects: str = ""
    decided_by: str = ""
    decided_why: str = ""
    decided_at: datetime | None = None
    remarks: list[str] | None = None
    pages: dict[str, int] | None = None
    parts: tuple[str, ...] = ()
    keys_standing: int | None = None
    keys_withdrawn: int | None = None
    stored: dict[str, str] | None = None

    def ledger_row(self) -> dict[str, object]:
        """The row of `ops.delivery`."""
        row = asdict(self)
        row["_delivery"] = row.pop("delivery")
        row["rows_delivered"] = row.pop("rows")
        for name in ONLY_IN_SIDECARS:
            del row[name]
        row["parts"] = list(self.parts)
        return row

    @classmethod
    def of_ledger(cls, row: dict[str, Any]) -> Delivery:
        """The delivery as the ledger knows it: what only sidecars keep is None."""
        kept = {name: row[name] for name in KEPT if row[name] is not None}
        kept |= {"parts": tuple(row["parts"] or ())}
        return cls(**{**kept, "delivery": row["_delivery"], "rows": row["rows_delivered"] or 0})


ONLY_IN_SIDECARS = ("columns", "remarks", "pages", "stored")
# What the ledger says of a delivery under the same name.
KEPT = [field.name for field in fields(Delivery) if field.name not in ("delivery", "rows", *ONLY_IN_SIDECARS)]


def with_sidecar(delivery: Delivery, sidecar: Delivery) -> Delivery:
    """A delivery as the ledger knows it, with what only its sidecar keeps."""
    return replace(delivery, **{name: getattr(sidecar, name) for name in ONLY_IN_SIDECARS})


def archive_path(home: Home, delivery: str) -> Path:
    """Where the file of that content lies for good."""
    return home.archive / delivery[:2] / delivery


def own_file(home: Home, delivery: Delivery) -> Path:
    """The file of bronze that landing wrote the delivery's rows to, and that is named by it; gone once compacted."""
    return home.table("bronze", delivery.feed) / f"{delivery.delivery}.parquet"


def write_sidecar(home: Home, delivery: Delivery) -> None:
    """Keeps what landing learned until the ledger has it, and for replays after."""
    learned = json.dumps(asdict(delivery), ensure_ascii=False, indent=1, default=datetime.isoformat)
    write_whole(archive_path(home, delivery.delivery).with_suffix(".json"), learned)


def read_sidecar(home: Home, delivery: str) -> Delivery:
    """The delivery that landing committed to bronze."""
    stored = json.loads(archive_path(home, delivery).with_suffix(".json").read_bytes())
    stored |= {"received_at": datetime.fromisoformat(stored["received_at"]), "parts": tuple(stored.get("parts", ()))}
    return Delivery(**stored)


def record(home: Home, deliveries: list[Delivery]) -> None:
    """Writes rows of the ledger in one commit; a delivery that is there already gets its new verdict."""
    if deliveries:
        contract = contracts()["ops.delivery"]
        rows = pa.Table.from_pylist([d.ledger_row() for d in deliveries], schema=table_schema(contract))
        merge(home.table("ops", contract.table), rows, contract.key)


def forget(home: Home, deliveries: list[Delivery]) -> None:
    """Takes these rows out of the ledger."""
    contract = contracts()["ops.delivery"]
    for delivery in deliveries:
        row = delivery.ledger_row()
        remove(home.table("ops", contract.table), [(name, "=", row[name]) for name in contract.key])


def read_ledger(home: Home, where: Where | None = None) -> list[Delivery]:
    """The ledger in order of receipt."""
    rows = read(home.table("ops", "delivery"), where=where)
    return [Delivery.of_ledger(row) for row in rows.sort_by("received_at").to_pylist()]


def landed(home: Home, feed: str) -> set[str]:
    """The deliveries that lie in a feed's bronze table as files of their own; compacted ones have other names."""
    names = {Path(uri).stem for uri in data_files(home.table("bronze", feed))}
    return {name for name in names if len(name) == 64}


def settled(home: Home) -> set[str]:
    """The deliveries that were judged and wait for nothing."""
    names = read(home.table("ops", "delivery"), ["_delivery"], [("state", "in", SETTLED)])
    return set(names["_delivery"].to_pylist())


def _with_decision(delivery: Delivery, again: Delivery | None) -> Delivery:
    """What landing learned, and for a delivery that is judged again what was decided of it since."""
    return with_sidecar(again, delivery) if again else delivery


def pending(home: Home) -> dict[str, list[Delivery]]:
    """Deliveries in bronze that the ledger has not judged, by feed and in order of receipt.

    One that is judged again may lie in a file with others by now (upkeep.py): the ledger names it. A bronze table in
    which nothing waited is looked at again when it has got another version: to list the files of a hundred takes a
    second, and a run asks four times.
    """
    replayed = {delivery.delivery: delivery for delivery in read_ledger(home, [("state", "in", REPLAYED)])}
    versions = {feed: str(version(home.table("bronze", feed))) for feed in feeds()}
    path = home.state / "judged.json"
    changed = Mark(path, versions).changed()
    if not changed and not replayed:
        return {}
    judged = settled(home)
    waiting: dict[str, list[Delivery]] = {}
    for feed in feeds():
        again = {delivery.delivery for delivery in replayed.values() if delivery.feed == feed}
        names = ((landed(home, feed) if feed in changed else set()) | again) - judged
        if names:
            known = called_now(feeds()[feed], (read_sidecar(home, name) for name in names))
            deliveries = [_with_decision(delivery, replayed.get(delivery.delivery)) for delivery in known]
            waiting[feed] = sorted(deliveries, key=lambda delivery: (delivery.received_at, delivery.file_name))
    idle = {feed: told for feed, told in versions.items() if feed not in waiting}
    if changed - waiting.keys():
        Mark(path, idle).keep()
    return waiting
