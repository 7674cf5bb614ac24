"""A day flows in; a home flows out whose base tables hold only the rows that were valid on it."""

from __future__ import annotations

import atexit
import re
import shutil
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

import pyarrow.dataset as pads

from schemas.contract import TableContract, contracts
from spark_jobs.building.known import MADE_OF_BASE
from spark_jobs.lake.empty import create_table
from spark_jobs.lake.home import Home, Refused, end_of
from spark_jobs.lake.tables import append, dataset, tables

BASE_TABLE = re.compile(r"\bbase\s*\.\s*`?(\w+)", re.IGNORECASE)


def as_valid(home: Home, day: date, query: str) -> Home:
    """The home with those base tables that a query names as they were valid on a day in China.

    A row of a table that says from when to when its rows hold (`valid` in its contract) was valid between these days;
    of a table of acts, from its day on; and any row only until it was withdrawn. Refused for a query of themes or
    gold, which are made of all rows.
    """
    if MADE_OF_BASE.search(query):
        raise Refused("what was valid on a day is told of base tables; themes and gold are made of all their rows")
    home.state.mkdir(parents=True, exist_ok=True)
    valid = Home(Path(mkdtemp(prefix="valid_", dir=home.state)))  # its own: another process may ask of another day
    atexit.register(shutil.rmtree, valid.path, ignore_errors=True)
    valid.create()
    named = {name.lower() for name in BASE_TABLE.findall(query)}
    for layer, name in tables(home):
        path, contract = valid.table(layer, name), contracts().get(f"{layer}.{name}")
        path.parent.mkdir(exist_ok=True)
        if layer != "base":
            path.symlink_to(home.table(layer, name))
        elif name in named and isinstance(contract, TableContract):
            rows = dataset(home.table(layer, name))
            create_table(path, rows.schema)
            append(path, rows.to_table(filter=was_valid(contract, day)))
    return valid


def was_valid(contract: TableContract, day: date) -> pads.Expression:
    """Which rows of a base table were valid on a day."""
    ended = end_of(day)
    holds = pads.field("withdrawn_at").is_null() | (pads.field("withdrawn_at") >= ended)
    begins = contract.valid.from_ if contract.valid else contract.event.date if contract.event else None
    if begins:
        holds &= pads.field(begins).is_null() | (pads.field(begins) <= day)
    if contract.valid:
        holds &= pads.field("valid_until").is_null() | (pads.field("valid_until") >= day)
    return holds
