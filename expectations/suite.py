"""A feed's contract flows in; the Great Expectations suite over its delivery profiles flows out.

A profile is one row a delivery: rows, quarantined_share, duplicate_keys and filled__<column>. Judging profiles instead
of rows gives a verdict for every delivery of a run in one validation, however many rows they hold.
"""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe

from schemas.contract import Bound, Contract

SEVERITIES = {"fail": "critical", "warn": "warning"}


def bounds(contract: Contract) -> dict[str, Bound]:
    """What each figure of a profile must lie between."""
    expect = contract.expect
    filled = {f"filled__{column}": Bound(min=share, on="warn") for column, share in expect.filled.items()}
    return {
        "rows": expect.rows,
        "quarantined_share": expect.quarantined_share,
        "duplicate_keys": expect.duplicate_keys,
        **filled,
    }


def suite(contract: Contract) -> gx.ExpectationSuite:
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
