"""Deliveries flow in; proof flows out that every row of theirs is in every table it belongs to, or where it is missing.

A build proves what it has merged, by the keys in each base table; `lakewarden reconcile` counts the whole lake again.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from dbt_project.render import base_facts
from schemas.contract import fed_tables
from spark_jobs.building.flows import Delivered, Flow, hop_into
from spark_jobs.building.hops import Hop, record
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from spark_jobs.lake.sql import Where, condition

AT_ONCE = 2  # a count is mostly planned, which the engine does on one core


def reconcile(
    home: Home, work: Mapping[Flow, list[Delivered]], days: Mapping[str, list[str]] | None = None
) -> dict[Flow, str]:
    """Proves deliveries against the base tables they flow into and records it; returns what is missing, by flow.

    `days`: of tables that lie by days, those on which the deliveries' keys are looked for.
    """
    spark, missing, hops = connect(home, needs=()), {}, []

    def count(flow: Flow) -> dict[str, tuple[int, int]]:
        feed, table = flow
        counted = spark.sql(_counting_sql(feed, table, work[flow], (days or {}).get(table))).collect()
        return {row[0]: (row[1], row[2]) for row in counted}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        flows = sorted(work)
        found = dict(zip(flows, pool.map(count, flows), strict=True))
    for (feed, table), counted in found.items():
        deliveries, name = work[feed, table], hop_into(table)
        for delivery in deliveries:
            hop = Hop(delivery.name, feed, name, delivery.rows, *counted.get(delivery.name, (0, 0)))
            hops.append(hop)
            if hop.rows_missing:
                missing[feed, table] = (
                    f"of {hop.rows_in} accepted rows of delivery {delivery.name[:12]}, {hop.rows_out} are there"
                    f" and {hop.rows_aside} name no key"
                )
    record(home, hops)
    return missing


def _counting_sql(feed: str, table: str, deliveries: list[Delivered], days: list[str] | None) -> str:
    """Of each delivery how many rows the table knows the key of, and how many speak of no key.

    Those have none, or take one back that their feed may only claim, not withdraw.
    """
    target = fed_tables()[table]
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
