"""A day that has passed flows in; a home flows out whose base, themes and gold hold what was known at the day's end.

It reads the lake's own silver, by links, and has a ledger of its own that ends with the day. So whatever is asked of it
is answered by the same models as today, and by nothing that came later.
"""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import contracts, fed_tables
from schemas.contract import tables as declared_tables
from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.empty import create_empty
from spark_jobs.lake.feed_state import keep_feed_states
from spark_jobs.lake.home import Home, Refused, end_of, today
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import append, days_of, read, tables, version
from spark_jobs.linking.link import link

# What was delivered never changes; what was made of it is made again.
SHARED = ("bronze", "silver", "quarantine")
# Days whose tables are kept, the last begun.
KEPT = 5
# The ledgers of clues, with the column of the day from which a row was known.
CLUES, ONE = (("clue", "raised_date"), ("clue_sent", "sent_date")), timedelta(1)
MADE_OF_BASE = re.compile(r"\b(themes|gold)\s*\.", re.IGNORECASE)


def as_known(home: Home, day: date, query: str) -> Home:
    """The home as known at the end of a day in China, built as far as a query needs; kept until the ledger changes.

    A delivery was known from the day it was received, or, if it was held, from the day a person released it. Rows that
    `lakewarden replay` accepted count from their delivery's day. Refused for a day that has not passed.
    """
    if day >= today():
        raise Refused(f"{day} has not passed: what is known today stands in the tables themselves")
    known = Home(home.state / "known" / f"{day}")
    ledger = str(version(home.table("ops", "delivery")))
    begun = Mark(known.state / "begun.json", {"ledger": ledger, "declared": declared()})
    with home.lock():
        if not begun.is_current():
            _begin(home, known, day)
            begun.keep()
        build_base(known)
        link(known)
        if MADE_OF_BASE.search(query):
            keep_feed_states(known, day)
            build_themes(known, as_of=day)
            build_gold(known, day)
    return known


def _begin(home: Home, known: Home, day: date) -> None:
    """The home before anything is built: what was delivered, that day's ledger and links by name, empty base tables."""
    begun = sorted(known.path.parent.glob("*"), key=lambda folder: folder.stat().st_mtime)
    for folder in {known.path, *begun[: -KEPT + 1]}:
        shutil.rmtree(folder, ignore_errors=True)
    known.create()
    for layer in SHARED:
        (known.warehouse / layer).mkdir()
    for layer, name in tables(home):
        if layer in SHARED:
            known.table(layer, name).symlink_to(home.table(layer, name))
    made = (*fed_tables().values(), *declared_tables("ops").values())
    create_empty({known.table(c.layer, c.table): (table_schema(c), days_of(c.layer, c.table)) for c in made})
    append(known.table("ops", "delivery"), _ledger(home, day))
    for ledger, column, end in (
        ("link", "linked_at", end_of(day)),
        *((name, begun, day + ONE) for name, begun in CLUES),
    ):
        if f"ops.{ledger}" in contracts():
            append(known.table("ops", ledger), read(home.table("ops", ledger), None, [(column, "<", end)]))


def _ledger(home: Home, day: date) -> pa.Table:
    """The deliveries that had been accepted by the end of the day."""
    end = end_of(day)
    rows = read(home.table("ops", "delivery"), None, [("state", "=", "accepted"), ("received_at", "<", end)])
    return rows.filter(pc.fill_null(pc.less(rows["decided_at"], pa.scalar(end)), fill_value=True))
