"""Feeds with deliveries that wait flow in; those whose rows silver cannot take flow out, with what a person has to do.

A column that has got another type since its first rows would make a table that nobody can read. Its feed waits in
bronze, and no other does. Where bronze has lost rows since landing, that department's deliveries of the feed wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.contract import feeds, shown
from spark_jobs.lake.columns import silver_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, own_file
from spark_jobs.lake.tables import dataset, retyped


def unwritable(home: Home, waiting: Iterable[str]) -> dict[str, str]:
    """Of these feeds those that cannot be written to silver, each with a sentence."""
    return {feed: _warning(feed, changed) for feed in waiting if (changed := changed_types(home, feed))}


def changed_types(home: Home, feed: str) -> list[str]:
    """Each column of a feed whose type is another than silver has it in."""
    found = retyped(home.table("silver", feed), silver_schema(feeds()[feed]))
    return [
        f"{name} is {declared} in its contract and {written} in silver" for name, (written, declared) in found.items()
    ]


def _warning(feed: str, changed: Iterable[str]) -> str:
    return (
        f"{feed} is parked: {', '.join(changed)}; its files wait in bronze.{feed}. Give the column another name in "
        f"{shown(feeds()[feed].file)}, or its type back (docs/change-a-feed.md), then run again"
    )


def incomplete(home: Home, waiting: Mapping[str, Sequence[Delivery]]) -> dict[tuple[str, str], str]:
    """Feeds, each with the department, of which bronze has not all rows that were landed, with a sentence."""
    found: dict[tuple[str, str], str] = {}
    for feed, deliveries in waiting.items():
        for one in deliveries:
            rows = _rows_in_bronze(home, one)
            if rows != one.rows:
                has = "unreadable" if rows is None else rows
                found[feed, one.department] = (
                    f"{feed} of {one.department} is parked: {one.delivery}: rows in and out differ: {one.rows} landed "
                    f"of {one.file_name}, {has} in bronze. Put back {_place(home, one)}, then run again"
                )
    return found


def _rows_in_bronze(home: Home, delivery: Delivery) -> int | None:
    """None where they cannot be read."""
    try:
        if (own := own_file(home, delivery)).exists():
            return int(pq.read_metadata(own).num_rows)
        return int(dataset(home.table("bronze", delivery.feed)).count_rows(pc.field("_delivery") == delivery.delivery))
    except (OSError, pa.ArrowInvalid):
        return None


def _place(home: Home, delivery: Delivery) -> str:
    return str(own_file(home, delivery).relative_to(home.path))
