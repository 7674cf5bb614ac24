"""Pending deliveries flow in; typed rows, verdicts, receipts, reconciliation and ledger rows flow out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from expectations.bounds import verdicts
from expectations.verdict import Verdict
from schemas.contract import FeedContract, contracts, feeds
from spark_jobs.judging.conform import conform
from spark_jobs.judging.figures import Figures, Profile
from spark_jobs.judging.history import Opinion, is_mended, keep_profiles, opinions
from spark_jobs.judging.lists import Withdrawal, withdrawals
from spark_jobs.judging.told import reason
from spark_jobs.judging.validation import leave_to_validate
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.ledger import Delivery, read_ledger, record
from spark_jobs.lake.tables import append, take_back
from spark_jobs.receipts import write_receipts

COUNTS = ("rows", "duplicate_keys")
FIGURES = {"rows": "行数", "quarantined_share": "退回行占比", "duplicate_keys": "主键重复行数"}


def settle(home: Home, waiting: dict[str, list[Delivery]]) -> list[Delivery]:
    """Conforms deliveries by feed, then writes what became of them; the ledger last, so a crash repeats all of it."""
    started = time.perf_counter()
    profiles = conform(home, waiting)
    rows = sum(delivery.rows for some in waiting.values() for delivery in some)
    seconds_a_row = (time.perf_counter() - started) / rows
    known = read_ledger(home)
    settled: list[Delivery] = []
    for feed, deliveries in waiting.items():
        judged = [replace(one, seconds=one.seconds + one.rows * seconds_a_row) for one in deliveries]
        settled += _settle(home, feeds()[feed], judged, profiles, known)
    _write_reconciliation(home, settled)
    keep_profiles(home, settled, profiles)
    write_receipts(home, settled)
    record(home, settled)
    return settled


def _settle(
    home: Home,
    contract: FeedContract,
    deliveries: Sequence[Delivery],
    profiles: dict[str, Profile],
    known: list[Delivery],
) -> list[Delivery]:
    lists = withdrawals(home, contract, deliveries, profiles, known)
    profiles = profiles | {
        name: replace(profiles[name], figures={**profiles[name].figures, **found.figures})
        for name, found in lists.items()
    }
    unlike = opinions(home, contract, deliveries, profiles, known)
    figures = {one.delivery: {**profiles[one.delivery].figures, **unlike[one.delivery].figures} for one in deliveries}
    for one in filter(is_mended, deliveries):
        figures[one.delivery]["rows"] = None
    applied = verdicts(contract, figures)
    settled = [
        _settled(contract, one, figures[one.delivery], unlike[one.delivery], lists[one.delivery], applied)
        for one in deliveries
    ]
    leave_to_validate(home, contract, deliveries, figures, applied)
    return settled


def _settled(
    contract: FeedContract,
    delivery: Delivery,
    figures: Figures,
    unlike: Opinion,
    listed: Withdrawal,
    applied: list[Verdict],
) -> Delivery:
    """The delivery with its verdict; what a person has released is not held again, whatever is found."""
    unmet = [verdict for verdict in applied if verdict.delivery == delivery.delivery and not verdict.is_met]
    holding = [] if delivery.decided_by else [verdict for verdict in unmet if verdict.severity == "fail"]
    known = unlike.said | listed.said
    said = [(known.get(verdict.figure) or _said(contract, verdict), verdict in holding) for verdict in unmet]
    return replace(
        delivery,
        state="held" if holding else "accepted",
        reason=reason(said),
        rows_accepted=figures["rows_accepted"],
        rows_doubtful=figures["rows_doubtful"],
        rows_quarantined=figures["rows_quarantined"],
        duplicate_keys=figures["duplicate_keys"],
        keys_standing=listed.standing,
        keys_withdrawn=listed.withdrawn,
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


def _write_reconciliation(home: Home, settled: list[Delivery]) -> None:
    # Never before the receipt, which a clock that was set back does not change: what is taken back is found by it.
    moment = max(now(), *(delivery.received_at for delivery in settled))
    hops = [
        {"_delivery": d.delivery, "feed": d.feed, "hop": hop, "rows_in": d.rows, "checked_at": moment} | counts
        for d in settled
        for hop, counts in (
            ("land", {"rows_out": d.rows, "rows_aside": 0}),
            ("conform", {"rows_out": d.rows_accepted, "rows_aside": d.rows_quarantined}),
        )
    ]
    path = home.table("ops", "reconciliation")
    take_back(path, {one.delivery for one in settled}, "checked_at", min(one.received_at for one in settled))
    append(path, pa.Table.from_pylist(hops, schema=table_schema(contracts()["ops.reconciliation"])))
