"""Feeds with deliveries that wait flow in; those whose rows silver cannot take flow out, with what a person has to do.

A column that has got another type since its first rows would make a table that nobody can read. Its feed waits in
bronze, and no other does.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.contract import feeds, shown
from spark_jobs.lake.columns import silver_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import retyped


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
