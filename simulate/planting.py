"""Rows that could break a rule over several tables flow in; a known share of them, spread evenly, flows out."""

from __future__ import annotations

import numpy as np

from simulate.word_lists import Array


def planted(rng: np.random.Generator, candidates: Array, share: float, fewest: int = 10) -> Array:
    """Which rows break it, of those that could: at least one of `fewest`, so that a small province shows it too."""
    rows = np.flatnonzero(candidates)
    count = round(share * len(rows)) or int(len(rows) >= fewest)
    broken = np.zeros(len(candidates), bool)
    if count:
        step = len(rows) / count
        broken[rows[(np.arange(count) * step + rng.uniform(0, step)).astype(int)]] = True
    return broken
