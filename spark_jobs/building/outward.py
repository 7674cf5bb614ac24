"""What was sent to departments and what they say they received flow in; the books of it flow out, beside those of hops.

sent = acknowledged + pending, department by department: what was sent stands in our ledger, what was acknowledged is
the number that the department counted itself, and pending are packages without a receipt.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from schemas.contract import contracts, feeds
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read

SENT, RECEIPTS = ("ops", "clue_sent"), ("base", "clue_receipt")
FEED, HOP, TITLE = "clue_receipt", "send", "线索下发签收"


def outward_inputs() -> tuple[tuple[str, str], ...]:
    """The tables that the books of what was sent are made of; none where nothing is sent."""
    return (SENT, RECEIPTS) if f"ops.{SENT[1]}" in contracts() and FEED in feeds() else ()


def outward_flows(home: Home) -> list[dict[str, Any]]:
    """One row of ops.flow a department that clues were sent to."""
    if not outward_inputs():
        return []
    packages: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in read(home.table(*SENT), ["department", "package_no", "package_sha256"]).to_pylist():
        packages[row["department"], row["package_no"], row["package_sha256"]] += 1
    received = {
        (row["department"], row["package_no"], row["package_sha256"].lower()): row["clues_received"]
        for row in read(home.table(*RECEIPTS)).to_pylist()
        if row["withdrawn_at"] is None
    }
    return [
        _flow(department, {name: count for name, count in packages.items() if name[0] == department}, received)
        for department in sorted({department for department, _, _ in packages})
    ]


def _flow(
    department: str, packages: dict[tuple[str, str, str], int], received: dict[tuple[str, str, str], int]
) -> dict[str, Any]:
    sent = sum(packages.values())
    acknowledged = sum(received[package] for package in packages if package in received)
    pending = sum(count for package, count in packages.items() if package not in received)
    return {
        "department": department,
        "feed": FEED,
        "feed_title": feeds()[FEED].title,
        "hop": HOP,
        "hop_title": TITLE,
        "deliveries": len(packages),
        "rows_in": sent,
        "rows_out": acknowledged,
        "rows_aside": pending,
        "rows_missing": sent - acknowledged - pending,
    }
