"""Rows of a change feed flow in; they flow out in the national exchange envelope, some changed or deleted later."""

from __future__ import annotations

import numpy as np

from schemas.contract import ENVELOPE, departments
from simulate.fill import NOTHING, Feed
from simulate.marks import DAY, WINDOW
from simulate.values import clocked, kind_of
from simulate.windows import Windows
from simulate.word_lists import Array, Table

CHANGED, DELETED = 0.04, 0.01


def with_envelope(feed: Feed, rows: Table, windows: Windows, rng: np.random.Generator) -> Table:
    """Inserts, and in a later file the changes and deletions of some of them; a deletion holds its key only."""
    draw = rng.random(len(rows[DAY]))
    operation = np.where(draw < DELETED, "D", np.where(draw < DELETED + CHANGED, "U", "I")).astype(object)
    again = np.flatnonzero((operation != "I") & (rows[WINDOW] < rows[WINDOW].max(initial=0)))
    windows_there = np.unique(rows[WINDOW])
    later = {name: values[again] for name, values in rows.items()}
    following = np.searchsorted(windows_there, later[WINDOW], side="right")
    later[WINDOW] = windows_there[np.minimum(following, len(windows_there) - 1)]
    later[DAY] = windows.end(later[WINDOW])
    for column in feed.contract.columns:
        if column.name in later and column.name not in feed.contract.key:
            later[column.name][operation[again] == "D"] = NOTHING[kind_of(column)]
    both = {name: np.concatenate([values, later[name]]) for name, values in rows.items()}
    operations = np.concatenate([np.full(len(operation), "I", dtype=object), operation[again]])
    return both | _envelope(feed, both, operations, windows, rng)


def _envelope(feed: Feed, rows: Table, operations: Array, windows: Windows, rng: np.random.Generator) -> Table:
    """The envelope's columns, as far as the contract takes them."""
    keys = zip(*(rows[name].astype(str).tolist() for name in feed.contract.key), strict=True)
    days = np.char.replace(np.datetime_as_string(windows.end(rows[WINDOW])), "-", "")
    known = {column.name for column in feed.contract.columns}
    columns = (
        np.array(["|".join(key)[:100] for key in keys], dtype=object),
        clocked(rows[DAY], rng),
        np.full(len(operations), departments()[feed.department].code, dtype=object),
        np.array([f"{day}00001" for day in days], dtype=object),
        operations,
    )
    return {name: values for name, values in zip(ENVELOPE, columns, strict=True) if name in known}
