"""A lake with hand-made silver rows: what conform would have written, without files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.contract import feeds
from spark_jobs.engine.session import connect
from spark_jobs.lake.codes import write_codes
from spark_jobs.lake.columns import quarantine_schema, silver_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, record
from spark_jobs.lake.tables import append, create_tables, read

Row = dict[str, Any]


@contextmanager
def lake(path: Path) -> Iterator[Home]:
    """An empty lake in an engine session of its own: tables of other tests are not known to it, nor its to them.

    The session learns of tables as it is asked for them; a test that names none (it runs dbt itself) calls connect().
    """
    home = Home(path)
    home.create()
    create_tables(home)
    write_codes(home)
    connect(Home(path / "nothing")).stop()
    try:
        yield home
    finally:
        connect(Home(path / "nothing")).stop()


def deliver(home: Home, feed: str, department: str, received: str, rows: list[Row], state: str = "accepted") -> str:
    """Writes rows of one delivery to silver and the ledger; returns its name."""
    name = hashlib.sha256(f"{feed} {department} {received}".encode()).hexdigest()
    moment = datetime.fromisoformat(received).replace(tzinfo=UTC)
    schema = silver_schema(feeds()[feed])
    system = {"_delivery": name, "_department": department, "_received_at": moment, "_flags": []}
    whole = [{**system, "_line": line, **row} for line, row in enumerate(rows, start=2)]
    append(home.table("silver", feed), pa.Table.from_pylist(whole, schema=schema))
    file = f"{received}.csv"
    record(home, [Delivery(name, department, feed, feed, file, 0, moment, state=state, rows_accepted=len(rows))])
    return name


def settle(home: Home, delivery: str, **verdict: Any) -> None:
    """Changes what the ledger says of a delivery, as `release`, `reject` and `replay` do."""
    ledger = read(home.table("ops", "delivery"), where=[("_delivery", "=", delivery)]).to_pylist()
    record(home, [replace(Delivery.of_ledger(row), **verdict) for row in ledger])


def reject(home: Home, feed: str, delivery: str, rows: list[dict[str, str]]) -> None:
    """Writes rows that conform did not accept, as their department delivered them."""
    schema = quarantine_schema()
    said = {"_delivery": delivery, "_received_at": _received(home, delivery)}
    whole = [{**said, "_line": line, "_row": [*row.items()]} for line, row in enumerate(rows, start=1_000)]
    append(home.table("quarantine", feed), pa.Table.from_pylist(whole, schema=schema))


def _received(home: Home, delivery: str) -> datetime:
    ledger = read(home.table("ops", "delivery"), where=[("_delivery", "=", delivery)])
    moment: datetime = ledger["received_at"].to_pylist()[0]
    return moment
