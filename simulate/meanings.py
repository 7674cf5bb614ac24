"""A contract's column flows in; the value of the world that it holds, or the other feed's column that it refers to."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

from schemas.contract import Column, FeedContract, Strict, fed_tables, feeds
from schemas.contract.feeding import made_by, references
from simulate.word_lists import read_rows


class Meaning(Strict):
    """Which value of which thing a column of that name holds; `check:…` says it of whatever holds such a code, `feed:…`
    of one feed's column alone."""

    column: str
    value: str


@cache
def meaning_of(name: str) -> str | None:
    """`thing.value` by a column's name, the first row of meanings.csv that fits; None where it means nothing known."""
    rows = read_rows("meanings.csv", Meaning)
    return next((row.value for row in rows if fnmatchcase(name, row.column)), None)


def meaning(contract: FeedContract, column: Column) -> str | None:
    """What a column holds: what is said of this feed's own, what it refers to, else what its name says, else what its
    check does."""
    own = meaning_of(f"{contract.name}:{column.name}")
    if own:
        return own
    reference = reference_of(contract, column)
    known = meaning_of(reference[1]) if reference else None
    return known or meaning_of(column.name) or (meaning_of(f"check:{column.check}") if column.check else None)


def reference_of(feed: FeedContract, column: Column) -> tuple[str, str] | None:
    """The table and the column that a column refers to."""
    return references_of(feed.name).get(column.name)


def tables_referred_to(feed: FeedContract) -> set[str]:
    """The tables that a feed's columns refer to."""
    return {table for table, _ in references_of(feed.name).values()}


@cache
def references_of(name: str) -> dict[str, tuple[str, str]]:
    """By column of a feed, what it refers to."""
    return references(feeds()[name], fed_tables())


def names_of(feed: FeedContract) -> set[str]:
    """What others may call a feed: its own name and those of the base tables that it makes rows of."""
    return {feed.name, *made_by(feed, fed_tables())}
