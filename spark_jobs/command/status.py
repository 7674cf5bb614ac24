"""The ledger and the tables flow in; what each feed and table looks like now flows out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from deltalake import DeltaTable

from schemas.contract import FeedContract, deliverers, departments, feeds
from spark_jobs.command.records import moment
from spark_jobs.lake.home import LOCAL, Home, Refused, now, today
from spark_jobs.lake.ledger import Delivery, read_ledger
from spark_jobs.lake.likely import likely
from spark_jobs.lake.tables import create_tables, read, tables
from spark_jobs.lake.working_days import days_late


@dataclass(frozen=True)
class FeedStatus:
    """One feed of one department; shares are 0 to 1."""

    department: str
    feed: str
    title: str
    onboarding: str
    deliveries: int
    refused: int
    rows: int
    quarantined_share: float
    last_delivery: datetime | None
    days_since: int | None
    working_days_late: int
    """Beyond what the feed's cadence allows since the last delivery."""


def feed_status(home: Home) -> list[FeedStatus]:
    """Every feed that has been delivered, and those that live departments have yet to deliver."""
    columns = ["department", "feed", "state", "received_at", "rows_accepted", "rows_quarantined"]
    ledger = read(home.table("ops", "delivery"), columns).to_pandas()
    statuses = []
    for name, contract in feeds().items():
        for department in deliverers(contract):
            mine = ledger[(ledger.department == department) & (ledger.feed == name)]
            if mine.empty and departments()[department].onboarding != "live":
                continue
            loaded = mine[mine.state.isin(["accepted", "held", "nil"])]
            last = loaded.received_at.max() if len(loaded) else None
            rows = int(loaded.rows_accepted.sum() + loaded.rows_quarantined.sum())
            statuses.append(
                FeedStatus(
                    department=department,
                    feed=name,
                    title=contract.title,
                    onboarding=departments()[department].onboarding,
                    deliveries=len(loaded),
                    refused=int((mine.state == "refused").sum()),
                    rows=rows,
                    quarantined_share=float(loaded.rows_quarantined.sum() / rows) if rows else 0.0,
                    last_delivery=last.to_pydatetime() if last is not None else None,
                    days_since=(now() - last).days if last is not None else None,
                    working_days_late=_days_late(contract, last),
                )
            )
    return statuses


def _days_late(feed: FeedContract, last: datetime | None) -> int:
    """By how many working days the next delivery is late; a feed that has never come has no day to count from."""
    return 0 if last is None else days_late(feed.delivery.cadence, last.astimezone(LOCAL).date(), today())


def latest_deliveries(home: Home, state: str | None, department: str | None, last: int) -> list[Delivery]:
    """The newest rows of the ledger, newest first; None stands for all."""
    create_tables(home)
    filters = {"state": state, "department": department}
    where: list[tuple[str, str, object]] = [(name, "=", value) for name, value in filters.items() if value]
    return read_ledger(home, where or None)[::-1][:last]


def table_history(home: Home, layer: str, name: str) -> list[dict[str, object]]:
    """The table's last five versions."""
    return [
        {
            "version": entry.get("version"),
            "at": moment(datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)),
            "operation": entry.get("operation"),
        }
        for entry in DeltaTable(home.table(layer, name)).history(5)
    ]


def sample(home: Home, layer: str, name: str, rows: int = 3) -> tuple[int, pa.Table]:
    """How many rows a table holds, and its first few."""
    if (layer, name) not in tables(home):
        there = [f"{layer}.{name}" for layer, name in tables(home)]
        raise Refused(f"no table {layer}.{name} in {home.path}; {likely(f'{layer}.{name}', there)}")
    data = DeltaTable(home.table(layer, name)).to_pyarrow_dataset()
    return data.count_rows(), data.head(rows)
