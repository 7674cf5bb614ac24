"""Contracts of base tables flow in; the dbt model of each, a call of the macro that merges its sources, flows out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dbt_project.render.sql import from_json, listed
from schemas.contract import Column, FeedContract, TableContract, contracts, fed_tables
from schemas.contract.feeding import STANDARD_FEED, feeds_into, has_one_source, obstacles, rank, stated_by


def base_models() -> Iterator[tuple[str, str, str]]:
    """Layer, name and model of every table that feeds flow into, behind each the tables that sum it up."""
    for contract in fed_tables().values():
        if contract.merge and any(mergeable(contract)):
            facts = from_json(base_facts(contract))
            model = f"{{% set base = {facts} %}}\n{{{{ merge_{contract.merge}(base) }}}}\n"
            yield contract.layer, contract.table, model
            for summed in roll_ups(contract.table):
                yield (
                    summed.layer,
                    summed.table,
                    f"{{{{ {summed.table}('{contract.table}', '{contract.partition}') }}}}\n",
                )


def roll_ups(table: str) -> list[TableContract]:
    """The base tables that sum up another; the SQL of each is the macro of its name in macros/roll_up."""
    return [contract for contract in fed_tables().values() if contract.rolls_up == table]


def mergeable(contract: TableContract) -> Iterator[FeedContract]:
    """The feeds into a base table that can be merged into it; the others are parked."""
    return (feed for feed in feeds_into(contract.table, contracts()) if not obstacles(feed, contract))


def base_facts(contract: TableContract) -> dict[str, Any]:
    """What the macros of dbt_project/macros/merge need to know of a base table.

    columns: each with how it comes about (key, stated, place, sql, or by the merging itself); sources: each feed with
    the expression by which it states a column, and in a merge by claims how high that claim ranks.
    """
    feeding = list(mergeable(contract))
    valid = contract.valid and contract.valid.model_dump(by_alias=True)
    return {
        "key": contract.key,
        **({"valid": valid} if valid else {}),
        "partition": contract.partition,
        "plain_key": [name for name in contract.key if _is_plain(contract.column(name))],
        "has_one_source": has_one_source(contract, feeds_into(contract.table, contracts())),
        "columns": [_column(contract, column) for column in contract.columns],
        "sources": [_source(contract, feed) for feed in feeding],
    }


def _is_plain(column: Column) -> bool:
    """Whether a cell can be compared with the key as it was delivered."""
    return column.name != "department" and column.type == "string" and not column.codes


def _column(contract: TableContract, column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {"name": column.name, "type": column.spark_type, "how": _how(contract, column)}
    described |= {"place": column.place, "is_current": column.is_current}
    if column.lookup:
        described["lookup"] = column.lookup.model_dump()
    if column.day_of:
        return described | {"sql": day_in_china(column.day_of)}
    return described | ({"sql": DAY.sub(lambda said: day_in_china(said[1]), column.sql)} if column.sql else {})


# day_in_china(accepted_at) in the expression of a contract.
DAY = re.compile(r"\bday_in_china\((\w+)\)")


def day_in_china(moment: str) -> str:
    """The day of a moment that is kept in UTC; China has had one time, eight hours ahead, since 1992."""
    return f"cast({moment} + interval 8 hours as date)"


def _how(contract: TableContract, column: Column) -> str:
    if column.name in contract.key:
        return "key"
    if column.place or column.lookup:
        return "place" if column.place else "lookup"
    if column.sql or column.day_of:
        return "sql"
    return "stated" if column in contract.stated else "merging"


def _source(contract: TableContract, feed: FeedContract) -> dict[str, Any]:
    stated = {column.name: expressions for column in contract.stated if (expressions := stated_by(feed, column))}
    is_registry = not contract.registry or feed.name in contract.registry
    claims = {
        name: {"value": _first_filled(expressions), "rank": _rank_sql(feed, contract.column(name))}
        for name, expressions in stated.items()
    }
    if contract.merge == "claims" and is_registry:
        claims["flags"] = {"value": "_flags", "rank": "'2'"}
    return {
        "feed": feed.name,
        "mode": feed.delivery.mode,
        "is_registry": is_registry,
        "nullable_keys": [claims[name]["value"] for name in contract.key if _may_be_empty(feed, stated[name])],
        "stated": claims,
    }


def _first_filled(expressions: tuple[str, ...]) -> str:
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _may_be_empty(feed: FeedContract, expressions: tuple[str, ...]) -> bool:
    """Whether a key, as the feed states it, may hold nothing: unless a column of it is in every row.

    A row that deletes holds the feed's key, and may lack whatever else is required.
    """
    required = [column.name for column in feed.columns if column.required]
    needed = {name for name in required if feed.is_snapshot or name in feed.key}
    return not {"_department", *needed} & {*expressions}


def _rank_sql(feed: FeedContract, column: Column) -> str:
    """The rank of a feed's claim; in a standard feed it depends on the row's department."""
    ranked = rank(feed, column)
    if ranked != STANDARD_FEED:
        return f"'{ranked}'"
    return f"case when _department in {listed(column.authority or ())} then '1' else '0' end"
