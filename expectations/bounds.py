"""A feed's contract flows in; what each figure of a delivery must lie between flows out."""

from __future__ import annotations

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
    return {figure: bound for figure, bound in named.items() if bound.min is not None or bound.max is not None}


def is_within(bound: Bound, figure: float | None) -> bool:
    """Whether a figure keeps its bound; what is unknown breaks none, as in Great Expectations."""
    if figure is None:
        return True
    return (bound.min is None or figure >= bound.min) and (bound.max is None or figure <= bound.max)
