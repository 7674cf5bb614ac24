"""Merged deliveries flow in; proof flows out that every accepted row's key is in every base table it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from dbt_project.render import base_facts
from schemas.contract import contracts, table_of
from spark_jobs.building.flows import HOP, Delivered, Flow, merged_rows
from spark_jobs.engine.session import connect
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.sql import Where, condition
from spark_jobs.lake.tables import merge


@dataclass(frozen=True)
class Hop:
    """A delivery on its way into a base table: its rows, those whose key the table knows, those that name no key."""

    delivery: Delivered
    table: str
    rows_out: int
    rows_aside: int

    @property
    def is_complete(self) -> bool:
        """Whether no row is lost."""
        return self.delivery.rows == self.rows_out + self.rows_aside

    def row(self, moment: datetime) -> dict[str, Any]:
        """The row of `ops.reconciliation`."""
        counts = {"rows_in": self.delivery.rows, "rows_out": self.rows_out, "rows_aside": self.rows_aside}
        names = {"_delivery": self.delivery.name, "feed": self.delivery.feed, "hop": f"{HOP}{self.table}"}
        return {**names, **counts, "checked_at": moment}


def reconcile(
    home: Home, work: Mapping[Flow, list[Delivered]], days: Mapping[str, list[str]] | None = None
) -> dict[Flow, str]:
    """Proves deliveries against the base tables they flow into and records it; returns what is missing, by flow.

    `days`: of tables that lie by days, those on which the deliveries' keys are looked for.
    """
    spark, missing, proven = connect(home, needs=()), {}, []
    for (feed, table), deliveries in sorted(work.items()):
        counted = {
            row[0]: (row[1], row[2])
            for row in spark.sql(_counting_sql(feed, table, deliveries, (days or {}).get(table))).collect()
        }
        for delivery in deliveries:
            hop = Hop(delivery, table, *counted.get(delivery.name, (0, 0)))
            if hop.is_complete:
                proven.append(hop)
            else:
                missing[feed, table] = (
                    f"of {delivery.rows} accepted rows of delivery {delivery.name[:12]}, {hop.rows_out} are there"
                    f" and {hop.rows_aside} name no key"
                )
    _record(home, proven)
    return missing


def _counting_sql(feed: str, table: str, deliveries: list[Delivered], days: list[str] | None) -> str:
    """Of each delivery how many rows the table knows the key of, and how many speak of no key.

    Those have none, or take one back that their feed may only claim, not withdraw.
    """
    target = table_of(f"base.{table}")
    source = next(source for source in base_facts(target)["sources"] if source["feed"] == feed)
    no_key = [f"{key} is null" for key in source["nullable_keys"]]
    if not source["is_registry"] and source["mode"] == "change":
        no_key.append("coalesce(cd_operation = 'D', false)")
    since = min(delivery.received_at for delivery in deliveries)
    where: Where = [
        ("_delivery", "in", [delivery.name for delivery in deliveries]),
        ("_received_at", ">=", since),
    ]
    stated = ", ".join(f"{source['stated'][name]['value']} as key_{place}" for place, name in enumerate(target.key))
    same = " and ".join(f"known.{name} = stated.key_{place}" for place, name in enumerate(target.key))
    known = f"select {', '.join(target.key)}, true as is_there from {target.name}"
    if days:
        known += f" where {condition([(str(target.partition), 'in', [date.fromisoformat(day) for day in days])])}"
    return (
        "select stated._delivery,"
        " count(case when not stated.has_no_key and known.is_there then 1 end),"
        " count(case when stated.has_no_key then 1 end)"
        f" from (select _delivery, {' or '.join(no_key) or 'false'} as has_no_key, {stated}"
        f" from silver.{feed} where {condition(where)}) as stated"
        f" left join ({known}) as known on {same}"
        " group by stated._delivery"
    )


def _record(home: Home, proven: list[Hop]) -> None:
    known = merged_rows(home)
    fresh = [hop for hop in proven if known.get((hop.delivery.name, hop.table)) != hop.delivery.rows]
    if fresh:
        contract, moment = contracts()["ops.reconciliation"], now()
        rows = pa.Table.from_pylist([hop.row(moment) for hop in fresh], schema=table_schema(contract))
        merge(home.table("ops", contract.table), rows, contract.key)
