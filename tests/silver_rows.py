"""A lake with hand-made silver rows: what conform would have written, without files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from schemas.contract import contracts, feeds
from spark_jobs.codes import write_codes
from spark_jobs.engine import connect
from spark_jobs.home import Home
from spark_jobs.lake import append, create_tables, silver_schema, table_schema

Row = dict[str, Any]


@contextmanager
def lake(path: Path) -> Iterator[tuple[Home, SparkSession]]:
    """An empty lake in an engine session of its own: tables of other tests are not known to it, nor its to them."""
    home = Home(path)
    home.create()
    create_tables(home)
    write_codes(home)
    connect(Home(path / "nothing")).stop()
    try:
        yield home, connect(home)
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
    ledger = {"_delivery": name, "department": department, "feed": feed, "received_at": moment, "state": state}
    append(
        home.table("ops", "delivery"), pa.Table.from_pylist([ledger], schema=table_schema(contracts()["ops.delivery"]))
    )
    return name
