"""What flows into base: accepted deliveries, the flows of their feeds into base tables, and how far each has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.contract import contracts, fed_tables, feeds, shown
from schemas.contract.feeding import feeds_into, obstacles

# A feed and a base table that it flows into.
Flow = tuple[str, str]


@dataclass(frozen=True)
class Delivered:
    """An accepted delivery: `rows` that lie in silver, `bytes` of the file, `parts` of a list of several."""

    name: str
    department: str
    feed: str
    received_at: datetime
    bytes: int
    rows: int
    parts: tuple[str, ...] = ()

    @property
    def source(self) -> tuple[str, str]:
        """Who speaks: a department by one of its feeds."""
        return self.department, self.feed


def unmergeable() -> dict[Flow, str]:
    """The feeds whose contracts do not say what a base table asks of them, which the lint says too."""
    parked = {}
    for table in fed_tables().values():
        for feed in feeds_into(table.table, contracts()):
            if why := obstacles(feed, table):
                parked[feed.name, table.table] = "; ".join(why)
    return parked


def hop_into(table: str) -> str:
    """In `ops.reconciliation`, the hop into a table that feeds flow into: its name with the layer."""
    contract = fed_tables().get(table)
    return contract.name if contract else f"base.{table}"


def warning(flow: Flow, why: str) -> str:
    """What a data engineer reads of a feed that is parked."""
    feed, table = flow[0], fed_tables()[flow[1]]
    return (
        f"{feed} is parked: it cannot be merged into {table.name}: {why}; its accepted rows wait in silver.{feed}. "
        f"Mend {shown(feeds()[feed].file)} or {shown(table.file)} (python -m schemas lint), "
        "then run again"
    )
