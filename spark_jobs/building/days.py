"""Deliveries flow in; the days that they speak of flow out, of base tables whose rows lie by days (`partition`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from pyspark.sql import SparkSession

from dbt_project.render import day_in_china, mergeable, roll_ups
from dbt_project.render.base import base_facts
from schemas.contract import TableContract, fed_tables


def days_spoken_of(spark: SparkSession, names: Collection[str], variables: dict[str, Any]) -> dict[str, list[str]]:
    """Of each table that lies by days, and of those that sum it up, the days of the keys that the deliveries state.

    A key lies on one day for ever, so no row of another day can be changed by these deliveries.
    """
    days: dict[str, list[str]] = {}
    for name in names:
        table = fed_tables()[name]
        if table.partition and table.merge:
            feeds = [feed.name for feed in mergeable(table) if feed.name in variables["feeds"]]
            found = sorted({day for feed in feeds for day in _days(spark, table, feed, variables)})
            days |= {other: [day.isoformat() for day in found] for other in (name, *_summing(name))}
    return days


def _summing(name: str) -> list[str]:
    return [table.table for table in roll_ups(name)]


def _days(spark: SparkSession, table: TableContract, feed: str, variables: dict[str, Any]) -> set[date]:
    if not variables["deliveries"]:
        return set()
    listed = "', '".join(variables["deliveries"])
    rows = spark.sql(
        f"select distinct {day_sql(table, feed)} from silver.{feed}"
        f" where _delivery in ('{listed}') and _received_at >= timestamp'{variables['since']}'"
    ).collect()
    return {row[0] for row in rows if row[0] is not None}


def day_sql(table: TableContract, feed: str) -> str:
    """The day of a feed's row, as the table lays it down."""
    column = table.column(str(table.partition))
    [source] = [source for source in base_facts(table)["sources"] if source["feed"] == feed]
    stated: str = source["stated"][column.day_of or column.name]["value"]
    return day_in_china(stated) if column.day_of else stated
