"""A column and what its values usually are (`usual.…` in meanings.csv) flow in; such values flow out."""

from __future__ import annotations

import numpy as np

from schemas.contract import Column
from simulate.values import codes_in_force, generated
from simulate.word_lists import Array

# Of deaths, severe defects and their like most rows tell none.
RARE = {0: 0.72, 1: 0.24, 2: 0.03, 3: 0.01}
FIRST = 0.94  # of the rows, those with the first code of a list: most of what is tested conforms
SHARED = 12
LAST = 0.9  # of the rows, those with the last code of a list: most licences hold


def usual(column: Column, held: str | None, count: int, rng: np.random.Generator) -> Array | None:
    """Values of a kind that is usual for a name; None where nothing is known to be usual for it."""
    match (held or "").split("."):
        case ["usual", "rare"]:
            return rng.choice(np.array(list(RARE), dtype=float), count, p=list(RARE.values()))
        case ["usual", "few"]:
            return rng.poisson(3, count).astype(float)
        case ["usual", "first"]:
            first, *others = codes_in_force(column)
            return np.where(rng.random(count) < FIRST, first, (others or [first])[0]).astype(object)
        case ["usual", "shared"]:  # a few that many rows have
            day = np.full(SHARED, np.datetime64("2026-01-01"))
            weights = np.arange(SHARED, 0, -1)
            return rng.choice(generated(column, day, rng), count, p=weights / weights.sum())
        case ["usual", "batch"]:  # batches are called by the day on which they were made
            return rng.choice(np.array([f"2025{month:02d}01" for month in range(1, SHARED + 1)], dtype=object), count)
        case ["usual", "thousands"]:
            return np.round(rng.lognormal(8, 0.6, count), 0)
        case ["usual", "last"]:
            *others, last = codes_in_force(column)
            return np.where(rng.random(count) < LAST, last, (others or [last])[-1]).astype(object)
        case ["usual", other]:
            raise ValueError(f"meanings.csv: nothing is usual.{other}")
    return None
