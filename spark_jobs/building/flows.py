"""What flows into base: accepted deliveries, the flows of their feeds into base tables, and how far each has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read

# A feed and a base table that it flows into.
Flow = tuple[str, str]
# In `ops.reconciliation`, the hop into a base table.
HOP = "base."


@dataclass(frozen=True)
class Delivered:
    """An accepted delivery: `rows` that lie in silver, `bytes` of the file."""

    name: str
    department: str
    feed: str
    received_at: datetime
    bytes: int
    rows: int

    @property
    def source(self) -> tuple[str, str]:
        """Who speaks: a department by one of its feeds."""
        return self.department, self.feed


def merged_rows(home: Home) -> dict[tuple[str, str], int]:
    """How many accepted rows of a delivery each base table is proven to know, by (delivery, table)."""
    hops = read(home.table("ops", "reconciliation"), ["_delivery", "hop", "rows_in"]).to_pylist()
    return {
        (hop["_delivery"], hop["hop"].removeprefix(HOP)): hop["rows_in"] for hop in hops if hop["hop"].startswith(HOP)
    }
