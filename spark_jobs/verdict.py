"""Pending deliveries flow in; typed rows, the gate's verdicts, receipts, reconciliation and ledger rows flow out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pyarrow as pa
from pyspark.sql import SparkSession

from expectations.verdict import Verdict
from schemas.contract import Contract, contracts, feeds
from spark_jobs.conform import conform
from spark_jobs.gatekeeper import Gatekeeper
from spark_jobs.home import Home, now
from spark_jobs.lake import append, table_schema, take_back
from spark_jobs.ledger import Delivery, record
from spark_jobs.profile import Figures, profile
from spark_jobs.receipts import write_receipts

# Planning a feed's rules keeps one core busy, running them the other.
FEEDS_AT_ONCE = 2
FIGURES = {"rows": "行数", "quarantined_share": "退回行占比", "duplicate_keys": "主键重复行数"}


def settle(home: Home, spark: SparkSession, waiting: dict[str, list[Delivery]], gate: Gatekeeper) -> list[Delivery]:
    """Conforms deliveries by feed, then writes what became of them; the ledger last, so a crash repeats all of it."""
    with ThreadPoolExecutor(FEEDS_AT_ONCE) as pool:
        judged = {feed: pool.submit(_conformed, home, spark, feeds()[feed], some) for feed, some in waiting.items()}
    settled: list[Delivery] = []
    for feed, future in judged.items():
        figures, seconds = future.result()
        settled += _settle(home, feeds()[feed], waiting[feed], figures, gate, seconds)
    write_receipts(home, settled)
    record(home, settled)
    return settled


def _conformed(
    home: Home, spark: SparkSession, contract: Contract, deliveries: Sequence[Delivery]
) -> tuple[dict[str, Figures], float]:
    started = time.perf_counter()
    conform(home, spark, contract, deliveries)
    return profile(spark, contract, deliveries), time.perf_counter() - started


def _settle(
    home: Home,
    contract: Contract,
    deliveries: Sequence[Delivery],
    figures: dict[str, Figures],
    gate: Gatekeeper,
    seconds: float,
) -> list[Delivery]:
    verdicts = gate.judge(contract, figures)
    settled = [_settled(contract, one, figures, verdicts, seconds / len(deliveries)) for one in deliveries]
    _write_checks(home, contract, settled, verdicts)
    return settled


def _settled(
    contract: Contract, delivery: Delivery, figures: dict[str, Figures], verdicts: list[Verdict], seconds: float
) -> Delivery:
    unmet = [verdict for verdict in verdicts if verdict.delivery == delivery.delivery and not verdict.is_met]
    is_held = any(verdict.severity == "fail" for verdict in unmet)
    return replace(
        delivery,
        state="held" if is_held else "accepted",
        reason="；".join(_said(contract, verdict) for verdict in unmet),
        rows_accepted=figures[delivery.delivery]["rows_accepted"],
        rows_quarantined=figures[delivery.delivery]["rows_quarantined"],
        seconds=delivery.seconds + seconds,
    )


def _said(contract: Contract, verdict: Verdict) -> str:
    """What the department reads of an expectation that is not met."""
    name = FIGURES.get(verdict.figure)
    if name is None:
        name = f"{contract.column(verdict.figure.removeprefix('filled__')).label}填报率"
    observed = "无" if verdict.observed is None else f"{verdict.observed:g}"
    if verdict.minimum is not None and (verdict.observed is None or verdict.observed < verdict.minimum):
        said = f"{name}为 {observed}，低于约定的 {verdict.minimum:g}"
    else:
        said = f"{name}为 {observed}，高于约定的 {verdict.maximum:g}"
    return f"{said}，整批暂缓入库" if verdict.severity == "fail" else f"提醒：{said}"


def _write_checks(home: Home, contract: Contract, settled: list[Delivery], verdicts: list[Verdict]) -> None:
    moment = now()
    since = min(delivery.received_at for delivery in settled)
    names = {delivery.delivery for delivery in settled}
    hops = [
        {"_delivery": d.delivery, "feed": contract.name, "hop": hop, "rows_in": d.rows, "checked_at": moment} | counts
        for d in settled
        for hop, counts in (
            ("land", {"rows_out": d.rows, "rows_aside": 0}),
            ("conform", {"rows_out": d.rows_accepted, "rows_aside": d.rows_quarantined}),
        )
    ]
    judged = [
        asdict(v) | {"_delivery": v.delivery, "feed": contract.name, "expectation": v.figure, "judged_at": moment}
        for v in verdicts
    ]
    for name, rows, column in (("reconciliation", hops, "checked_at"), ("expectation", judged, "judged_at")):
        path = home.table("ops", name)
        take_back(path, names, column, since)
        append(path, pa.Table.from_pylist(rows, schema=table_schema(contracts()[f"ops.{name}"])))
