"""How base tables are fed: feeds and a base table flow in, what each feed states of each column flows out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from schemas.contract.model import SYSTEM_COLUMNS, Column, Contract, FeedContract, TableContract
from schemas.contract.read import with_term

Rank = Literal["2", "1", "0"]
# How high a feed's claim of a column ranks: the named authority's own feed, the authority in a standard feed that many
# departments deliver, anybody else.
OWN_FEED: Rank = "2"
STANDARD_FEED: Rank = "1"
OTHER: Rank = "0"


def feeds_into(table: str, known: Mapping[str, Contract]) -> tuple[FeedContract, ...]:
    """The feeds whose rows flow into a base table, by name."""
    return tuple(feed for feed in known.values() if isinstance(feed, FeedContract) and table in feed.into)


def has_one_source(table: TableContract, feeding: Iterable[FeedContract]) -> bool:
    """Whether every key can be stated by one source only, which is a department and its feed."""
    return table.merge == "newest" and "department" in table.key and len(tuple(feeding)) == 1


def stated_by(feed: FeedContract, column: Column) -> tuple[str, ...]:
    """The expressions by which a feed states a base column, the first that a row fills wins; empty if it cannot.

    One that is no column of the feed's is in brackets.
    """
    delivered = {*SYSTEM_COLUMNS, *(own.name for own in feed.columns)}
    expressions = []
    for name in column.of or (column.name,):
        derived = with_term({"name": name}).get("derived")
        if name in delivered:
            expressions.append(name)
        elif name in feed.states:
            expressions.append(f"('{feed.states[name]}')")
        elif derived and delivered >= {*derived["reads"]}:
            expressions.append(f"({derived['sql']})")
    return tuple(expressions)


Reference = tuple[str, str]


def references(feed: FeedContract, tables: Mapping[str, TableContract]) -> dict[str, Reference]:
    """By column of a feed, the base table and column whose values it holds, as it says itself (`refers`), or the base
    column that it is read into. What makes rows of that very table refers to nothing: it is the thing itself."""
    told = {column.name: column.refers for column in feed.columns if column.refers}
    for target in feed.into:
        for base in tables[target].columns:
            if base.refers:
                for name in _read_from(feed, base):
                    told.setdefault(name, base.refers)
    split = {name: refers.removeprefix("base.").rpartition(".") for name, refers in told.items()}
    own = {feed.name, *made_by(feed, tables)}
    return {name: (table, column) for name, (table, _, column) in split.items() if table not in own}


def made_by(feed: FeedContract, tables: Mapping[str, TableContract]) -> set[str]:
    """The base tables that have a row because the feed has one: of a table with registries, theirs alone."""
    made = set()
    for target in feed.into:
        registry = tables[target].registry
        if not registry or feed.name in registry:
            made.add(target)
    return made


def _read_from(feed: FeedContract, base: Column) -> Iterator[str]:
    """The feed's columns that hold what a base column is read from; of what is derived, the one that holds the code."""
    for name in (base.name, *base.of):
        derived = with_term({"name": name}).get("derived")
        reads = derived["reads"] if derived else [name]
        for column in feed.columns:
            if column.name == name or (column.name in reads and (column.check or column.check_when)):
                yield column.name


def unreadable_keys(feed: FeedContract, table: TableContract) -> list[str]:
    """The key columns of a base table that a feed says nothing of: its rows cannot be merged."""
    return [name for name in table.key if not stated_by(feed, table.column(name))]


def other_types(feed: FeedContract, table: TableContract) -> list[str]:
    """What a feed states in another type than a base table has it in: such a statement would not be understood."""
    types = {own.name: own.spark_type for own in feed.columns if own.type}
    return [
        f"{name} is {types[name]} in {feed.name} and {column.spark_type} in {table.name}"
        for column in table.stated
        if column.type
        for name in stated_by(feed, column)
        if types.get(name, column.spark_type) != column.spark_type
    ]


def obstacles(feed: FeedContract, table: TableContract) -> list[str]:
    """Why a feed's rows cannot be merged into a base table; empty if they can."""
    keys = unreadable_keys(feed, table)
    return [f"its key {', '.join(keys)} cannot be read from the feed"] * bool(keys) + other_types(feed, table)


def rank(feed: FeedContract, column: Column) -> Rank:
    """The rank of a feed's claim; in a standard feed it is that of the departments that have authority."""
    if not column.authority:
        return OTHER
    if feed.department is None:
        return STANDARD_FEED
    return OWN_FEED if feed.department in column.authority else OTHER


def following_columns(table: TableContract, feeding: Iterable[FeedContract]) -> tuple[Column, ...]:
    """The columns of a base table that follow from how it is fed: what stands, since when, and who says so.

    Of a roll-up none: whatever stands is counted, by whomever it was said.
    """
    if table.rolls_up:
        return ()
    versions = ["_version", "_withdrawn_version"] if has_one_source(table, feeding) else ["_stated_by", "_withdrawn_by"]
    if table.merge == "claims":
        claimed = ",".join(f"{column.name}:string" for column in claimed_columns(table))
        claims = {"name": "claims", "type": f"struct<{claimed},flags:string>"}
        listed = [{"name": "sources"}, {"name": "flags"}, claims, {"name": "withdrawn_at"}]
        versions = [name for name in versions if name != "_version"]
    else:
        listed = [{"name": "withdrawn_at"}, {"name": "_version"}]
    listed += [{"name": "valid_until"}] if table.valid else []
    listed += [{"name": name} for name in versions if name not in {column["name"] for column in listed}]
    listed += [{"name": "object_link"}] if any(column.links for column in table.columns) else []
    return tuple(Column.model_validate(with_term(column)) for column in listed)


def claimed_columns(table: TableContract) -> tuple[Column, ...]:
    """Of a base table that is merged by claims: the columns that feeds claim one by one."""
    return tuple(column for column in table.stated if column.name not in table.key)
