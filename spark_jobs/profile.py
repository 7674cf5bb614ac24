"""Silver and quarantine of some deliveries flow in; one row of figures a delivery flows out, for gate and ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import SparkSession

from schemas.contract import Contract
from spark_jobs.ledger import Delivery
from spark_jobs.rules import quoted

Figures = dict[str, Any]


class Unaccounted(Exception):
    """Rows came in that went nowhere, or went out that never came."""


def profile(spark: SparkSession, contract: Contract, deliveries: Sequence[Delivery]) -> dict[str, Figures]:
    """Figures by delivery: rows, rows_accepted, rows_quarantined, quarantined_share, duplicate_keys, filled__<column>.

    A share of no rows is None. Raises Unaccounted unless every delivered row was accepted or quarantined.
    """
    where = f"where _delivery in ({', '.join(quoted(delivery.delivery) for delivery in deliveries)})"
    accepted = _by_delivery(
        spark,
        f"select _delivery, count(*) as rows_accepted,"
        f" count(*) - count(distinct struct({', '.join(contract.key)})) as duplicate_keys{_filled(contract)}"
        f" from silver.{contract.name} {where} group by _delivery",
    )
    rejected = _by_delivery(
        spark,
        f"select _delivery, count(*) as rows_quarantined from quarantine.{contract.name} {where} group by _delivery",
    )
    nothing = {"rows_accepted": 0, "duplicate_keys": 0} | {f"filled__{name}": None for name in contract.expect.filled}
    figures: dict[str, Figures] = {}
    for delivery in deliveries:
        counted: Figures = {"rows": delivery.rows, "rows_quarantined": 0, **nothing}
        counted |= accepted.get(delivery.delivery, {}) | rejected.get(delivery.delivery, {})
        counted["quarantined_share"] = counted["rows_quarantined"] / delivery.rows
        if delivery.rows != counted["rows_accepted"] + counted["rows_quarantined"]:
            raise Unaccounted(f"{contract.name}: {delivery.delivery}: rows in and out differ: {counted}")
        figures[delivery.delivery] = counted
    return figures


def _filled(contract: Contract) -> str:
    return "".join(
        f", cast(avg(case when {column} is null then 0 else 1 end) as double) as filled__{column}"
        for column in contract.expect.filled
    )


def _by_delivery(spark: SparkSession, query: str) -> dict[str, Figures]:
    return {row.pop("_delivery"): row for row in (found.asDict() for found in spark.sql(query).collect())}
