"""Pending deliveries flow in; typed rows, the gate's verdicts, receipts, reconciliation and ledger rows flow out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pyarrow as pa
from pyspark.sql import SparkSession

from expectations.verdict import Verdict
from schemas.contract import FeedContract, contracts, feeds
from spark_jobs.judging.conform import conform
from spark_jobs.judging.figures import Figures, Profile, profile
from spark_jobs.judging.gate import Gatekeeper
from spark_jobs.judging.history import Opinion, is_mended, keep_profiles, opinions
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.ledger import Delivery, read_ledger, record
from spark_jobs.lake.tables import append, take_back
from spark_jobs.receipts import write_receipts

# Planning a feed's rules keeps one core busy, running them the other.
FEEDS_AT_ONCE = 2
COUNTS = ("rows", "duplicate_keys")
FIGURES = {"rows": "行数", "quarantined_share": "退回行占比", "duplicate_keys": "主键重复行数"}


def settle(home: Home, spark: SparkSession, waiting: dict[str, list[Delivery]], gate: Gatekeeper) -> list[Delivery]:
    """Conforms deliveries by feed, then writes what became of them; the ledger last, so a crash repeats all of it."""
    with ThreadPoolExecutor(FEEDS_AT_ONCE) as pool:
        judged = {feed: pool.submit(_conformed, home, spark, feeds()[feed], some) for feed, some in waiting.items()}
    known = read_ledger(home)
    settled: list[Delivery] = []
    for feed, future in judged.items():
        profiles, seconds = future.result()
        settled += _settle(home, feeds()[feed], waiting[feed], profiles, gate, seconds, known)
    gate.dismiss()
    write_receipts(home, settled)
    record(home, settled)
    return settled


def _conformed(
    home: Home, spark: SparkSession, contract: FeedContract, deliveries: Sequence[Delivery]
) -> tuple[dict[str, Profile], float]:
    started = time.perf_counter()
    conform(home, spark, contract, deliveries)
    return profile(home, spark, contract, deliveries), time.perf_counter() - started


def _settle(
    home: Home,
    contract: FeedContract,
    deliveries: Sequence[Delivery],
    profiles: dict[str, Profile],
    gate: Gatekeeper,
    seconds: float,
    known: list[Delivery],
) -> list[Delivery]:
    unlike = opinions(home, contract, deliveries, profiles, known)
    figures = {name: {**found.figures, **unlike[name].figures} for name, found in profiles.items()}
    for one in filter(is_mended, deliveries):
        figures[one.delivery]["rows"] = None
    verdicts = gate.judge(contract, figures)
    share = seconds / len(deliveries)
    settled = [
        _settled(contract, one, figures[one.delivery], unlike[one.delivery], verdicts, share) for one in deliveries
    ]
    _write_checks(home, contract, settled, verdicts)
    keep_profiles(home, contract, settled, profiles)
    return settled


def _settled(
    contract: FeedContract,
    delivery: Delivery,
    figures: Figures,
    unlike: Opinion,
    verdicts: list[Verdict],
    seconds: float,
) -> Delivery:
    """The delivery with its verdict; what a person has released is not held again, whatever is found."""
    unmet = [verdict for verdict in verdicts if verdict.delivery == delivery.delivery and not verdict.is_met]
    holding = [] if delivery.decided_by else [verdict for verdict in unmet if verdict.severity == "fail"]
    told = [
        f"{said}，整批暂缓入库" if verdict in holding else f"提醒：{said}"
        for verdict in unmet
        for said in [unlike.said.get(verdict.figure) or _said(contract, verdict)]
    ]
    return replace(
        delivery,
        state="held" if holding else "accepted",
        reason="；".join(told) + "。" * bool(told),
        rows_accepted=figures["rows_accepted"],
        rows_doubtful=figures["rows_doubtful"],
        rows_quarantined=figures["rows_quarantined"],
        seconds=delivery.seconds + seconds,
    )


def _said(contract: FeedContract, verdict: Verdict) -> str:
    """What the department reads of an expectation that is not met."""
    name = FIGURES.get(verdict.figure)
    if name is None:
        name = f"{contract.column(verdict.figure.removeprefix('filled__')).label}填报率"
    observed, minimum, maximum = (
        _shown(verdict.figure, number) for number in (verdict.observed, verdict.minimum, verdict.maximum)
    )
    if verdict.minimum is not None and (verdict.observed is None or verdict.observed < verdict.minimum):
        return f"{name}为 {observed}，低于约定的 {minimum}"
    return f"{name}为 {observed}，高于约定的 {maximum}"


def _shown(figure: str, number: float | None) -> str:
    """A figure as people read it: shares in percent."""
    if number is None:
        return "无"
    return f"{number:g}" if figure in COUNTS else f"{round(100 * number, 2):g}%"


def _write_checks(home: Home, contract: FeedContract, settled: list[Delivery], verdicts: list[Verdict]) -> None:
    # Never before the receipt, which a clock that was set back does not change: what is taken back is found by it.
    moment = max(now(), *(delivery.received_at for delivery in settled))
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
