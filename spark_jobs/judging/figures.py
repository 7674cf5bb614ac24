"""What judging counted of a delivery flows in; its profile flows out, for the gate and for later comparisons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.contract import FeedContract
from spark_jobs.judging.judge import Counts
from spark_jobs.lake.ledger import Delivery

Figures = dict[str, Any]


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


def profile(contract: FeedContract, delivery: Delivery, counts: Counts) -> Profile:
    """The figures rows, rows_accepted, rows_doubtful, rows_quarantined, quarantined_share, duplicate_keys and
    filled__<column>, with the shares.

    A share of no rows is None. Raises Unaccounted unless every delivered row was accepted or quarantined.
    """
    accepted = counts.rows_accepted
    filled = {column.name: counts.filled[column.name] / accepted for column in contract.columns if accepted}
    figures: Figures = {
        "rows": delivery.rows,
        "rows_accepted": accepted,
        "rows_doubtful": counts.rows_doubtful,
        "rows_quarantined": counts.rows_quarantined,
        "quarantined_share": counts.rows_quarantined / delivery.rows,
        "duplicate_keys": counts.duplicate_keys,
        **{f"filled__{column}": filled.get(column) for column in contract.expect.filled},
    }
    if not delivery.rows == counts.rows == accepted + counts.rows_quarantined:
        raise Unaccounted(f"{contract.name}: {delivery.delivery}: rows in and out differ: {figures}")
    codes = {
        column.name: _shares(counts.codes[column.name]) for column in contract.columns if column.name in counts.codes
    }
    return Profile(figures, filled, codes)


def _shares(counted: Counter[str]) -> dict[str, float]:
    return {code: rows / counted.total() for code, rows in sorted(counted.items())}
