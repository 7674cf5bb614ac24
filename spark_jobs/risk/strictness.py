"""Checks with who made them and the share that was to be expected flow in; how strict each is flows out."""

from __future__ import annotations

from typing import Any

import numpy as np

from spark_jobs.risk.history import Numbers

# As if so many more findings had been made as expected: few checks say little of whoever made them.
STRENGTH = 10.0


def strictness(who: Numbers, found: Numbers, expected: Numbers) -> list[dict[str, Any]]:
    """A row a person or body: checks, found, expected, their ratio drawn towards 1, and its 95 % interval.

    The ratio of a Poisson count to its expectation with a gamma prior of mean 1; the interval is Wilson and Hilferty's
    approximation of the gamma's quantiles, within a hundredth of it from two findings on.
    """
    rows = []
    for name in np.unique(who):
        here = who == name
        hits, usual = float(found[here].sum()), float(expected[here].sum())
        shape = hits + STRENGTH
        low, high = (_gamma(shape, z) / (usual + STRENGTH) for z in (-1.96, 1.96))
        rows.append(
            {
                "who": str(name),
                "checks": int(here.sum()),
                "found": int(hits),
                "expected": round(usual, 1),
                "ratio": round(shape / (usual + STRENGTH), 3),
                "low": round(low, 3),
                "high": round(high, 3),
            }
        )
    return rows


def _gamma(shape: float, z: float) -> float:
    return float(shape * (1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))) ** 3)
