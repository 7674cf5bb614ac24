"""Silver and quarantine of some deliveries flow in; what each delivery looks like flows out, for gate and history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from pyspark.sql import SparkSession

from schemas.contract import FeedContract
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, rows_of
from spark_jobs.lake.sql import condition, literal
from spark_jobs.lake.tables import rows_by_delivery

Figures = dict[str, Any]
# Rows that the shares of codes are counted in (ours: of 100,000 rows a share is exact to a third of a percent).
COUNTED = 100_000
# What is counted of accepted rows.
COUNTS = ("rows_accepted", "rows_doubtful", "duplicate_keys")
# Keys that are compared by one statement.
KEYS_AT_ONCE = 3_000_000


class Unaccounted(Exception):
    """Rows came in that went nowhere, or went out that never came."""


@dataclass(frozen=True)
class Profile:
    """One delivery: the gate's figures, and of its accepted rows the share filled of each column and of each code.

    The shares of a column's codes are of the rows that have one, and add up to 1.
    """

    figures: Figures
    filled: dict[str, float] = field(default_factory=dict)
    codes: dict[str, dict[str, float]] = field(default_factory=dict)


def profile(
    home: Home, spark: SparkSession, contract: FeedContract, deliveries: Sequence[Delivery]
) -> dict[str, Profile]:
    """Profiles by delivery, with the figures rows, rows_accepted, rows_doubtful, rows_quarantined, quarantined_share,
    duplicate_keys and filled__<column>.

    A share of no rows is None. Raises Unaccounted unless every delivered row was accepted or quarantined.
    """
    where = f"where {condition(rows_of(deliveries))}"
    accepted = _accepted(spark, contract, where)
    rejected = rows_by_delivery(home.table("quarantine", contract.name), rows_of(deliveries))
    codes = _codes(spark, contract, where, {name: found["rows_accepted"] for name, found in accepted.items()})
    profiles: dict[str, Profile] = {}
    for delivery in deliveries:
        name = delivery.delivery
        found = accepted.get(name, dict.fromkeys(COUNTS, 0))
        filled = {
            column.name: found[f"filled__{column.name}"] / found["rows_accepted"]
            for column in contract.columns
            if found["rows_accepted"]
        }
        figures: Figures = {"rows": delivery.rows, "rows_quarantined": rejected.get(name, 0)}
        figures |= {figure: found[figure] for figure in COUNTS}
        figures |= {f"filled__{column}": filled.get(column) for column in contract.expect.filled}
        figures["quarantined_share"] = figures["rows_quarantined"] / delivery.rows
        if delivery.rows != figures["rows_accepted"] + figures["rows_quarantined"]:
            raise Unaccounted(f"{contract.name}: {name}: rows in and out differ: {figures}")
        profiles[name] = Profile(figures, filled, codes.get(name, {}))
    return profiles


def _accepted(spark: SparkSession, contract: FeedContract, where: str) -> dict[str, Figures]:
    """Rows, doubtful ones, rows whose key stands more than once, and filled cells.

    Keys are compared by 64 bits of their hash: counting distinct keys themselves costs a hundred times as much. Many
    are counted a share after the other, for what is counted is kept in memory. With an envelope several statements of
    one key are no duplicates, and a deletion need hold nothing more.
    """
    key, cell = ", ".join(contract.key), "{}"
    if contract.has_envelope:
        key, cell = (
            f"{key}, cd_operation, cd_time",
            "case when cd_operation = 'D' then true else {} is not null or null end",
        )
    filled = ", ".join(f"count({cell.format(column.name)}) as filled__{column.name}" for column in contract.columns)
    silver = f"from silver.{contract.name} {where}"
    counts = "count(*) as rows_accepted, count(case when size(_flags) > 0 then true end) as rows_doubtful"
    found = _by_delivery(
        spark, f"select _delivery, {counts}, {filled}, 0 as duplicate_keys {silver} group by _delivery"
    )
    shares = ceil(sum(figures["rows_accepted"] for figures in found.values()) / KEYS_AT_ONCE)
    hashed = f"select _delivery, xxhash64({key}) as key {silver}"
    for share in range(shares):
        chosen = f"where pmod(key, {shares}) = {share}" if shares > 1 else ""
        doubled = f"select _delivery, count(*) - count(distinct key) as doubled from ({hashed}) {chosen}"
        for delivery, figures in _by_delivery(spark, f"{doubled} group by _delivery").items():
            found[delivery]["duplicate_keys"] += figures["doubled"]
    return found


def _codes(
    spark: SparkSession, contract: FeedContract, where: str, rows: dict[str, int]
) -> dict[str, dict[str, dict[str, float]]]:
    """Shares by delivery, column and code; of large deliveries, evenly chosen rows are counted."""
    coded = [column.name for column in contract.columns if column.codes]
    if not coded or not rows:
        return {}
    steps = [f"when {literal(name)} then {count // COUNTED}" for name, count in rows.items() if count >= 2 * COUNTED]
    chosen = f" and _line % case _delivery {' '.join(steps)} else 1 end = 0" if steps else ""
    entries = ", ".join(f"{literal(name)}, {name}" for name in coded)
    cells = f"select _delivery, explode(map({entries})) as (name, code) from silver.{contract.name} {where}{chosen}"
    counts: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in spark.sql(
        f"select _delivery, name, code, count(*) as cells from ({cells}) where code is not null"
        " group by _delivery, name, code order by _delivery, name, code"
    ).collect():
        counts[row["_delivery"]][row["name"]][row["code"]] = row["cells"]
    return {
        delivery: {name: {code: n / sum(found.values()) for code, n in found.items()} for name, found in some.items()}
        for delivery, some in counts.items()
    }


def _by_delivery(spark: SparkSession, query: str) -> dict[str, Figures]:
    return {row.pop("_delivery"): row for row in (found.asDict() for found in spark.sql(query).collect())}
