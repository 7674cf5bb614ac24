"""A feed's contract flows in; the Great Expectations suite over its delivery profiles flows out.

A profile is one row a delivery: rows, quarantined_share, duplicate_keys, filled__<column>, and what is unlike the
department's history: volume, emptied, shift; of a full list also withdrawn and parts_lacking. Judging profiles instead
of rows gives a verdict for every delivery of a run in one validation, however many rows they hold.
"""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.bounds import bounds
from schemas.contract import FeedContract

SEVERITIES = {"fail": "critical", "warn": "warning"}


def suite(contract: FeedContract) -> gx.ExpectationSuite:
    """The contract's bounds as expectations."""
    return gx.ExpectationSuite(
        name=contract.name,
        expectations=[
            gxe.ExpectColumnValuesToBeBetween(
                column=figure, min_value=bound.min, max_value=bound.max, severity=SEVERITIES[bound.on]
            )
            for figure, bound in bounds(contract).items()
        ],
        meta={"title": contract.title, "contract": str(contract.file.name)},
    )
