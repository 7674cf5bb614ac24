"""A feed's contract flows in; what each figure of a delivery must lie between flows out, and the verdicts on figures.

The one definition: Great Expectations' suite is made of the same bounds (suite.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from expectations.verdict import Verdict
from schemas.contract import Bound, FeedContract


def bounds(contract: FeedContract) -> dict[str, Bound]:
    """The bounds by figure; a figure that the contract leaves without any is not judged."""
    expect = contract.expect
    named = {
        "rows": expect.rows,
        "quarantined_share": expect.quarantined_share,
        "duplicate_keys": expect.duplicate_keys,
        **{f"filled__{column}": Bound(min=share, on="warn") for column, share in expect.filled.items()},
        "volume": expect.usual.volume,
        "emptied": expect.usual.emptied,
        "shift": expect.usual.shift,
    }
    if contract.is_snapshot:
        named |= {"withdrawn": expect.withdrawn, "parts_lacking": expect.parts_lacking}
    return {figure: bound for figure, bound in named.items() if bound.min is not None or bound.max is not None}


def is_within(bound: Bound, figure: float | None) -> bool:
    """Whether a figure keeps its bound; what is unknown breaks none, as in Great Expectations."""
    if figure is None:
        return True
    return (bound.min is None or figure >= bound.min) and (bound.max is None or figure <= bound.max)


def verdicts(contract: FeedContract, figures: Mapping[str, Mapping[str, float | None]]) -> list[Verdict]:
    """One verdict a delivery and bound of the contract, from the figures of each delivery."""
    return [
        Verdict(
            delivery,
            figure,
            observed=None if (observed := counted[figure]) is None else float(observed),
            minimum=bound.min,
            maximum=bound.max,
            is_met=is_within(bound, observed),
            severity=bound.on,
        )
        for figure, bound in bounds(contract).items()
        for delivery, counted in figures.items()
    ]
