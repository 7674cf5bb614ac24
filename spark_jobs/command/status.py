"""The ledger and the tables flow in; what each feed and table looks like now flows out."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
from deltalake import DeltaTable

from schemas.likely import likely
from spark_jobs.command.records import moment
from spark_jobs.lake.feed_state import FeedState, feed_states
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.ledger import Delivery, read_ledger
from spark_jobs.lake.tables import create_tables, tables


def feed_status(home: Home) -> list[FeedState]:
    """Every feed that has been delivered, and those that live departments have yet to deliver."""
    return [state for state in feed_states(home) if state.deliveries or state.refused or state.onboarding == "live"]


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
