"""A column and what its values usually are (`usual.…` in meanings.csv) flow in; such values flow out."""

from __future__ import annotations

import numpy as np

from schemas.contract import Column
from simulate.values import codes_in_force
from simulate.word_lists import Array

# Of every hundred accidents hardly one kills more than two.
RARE = {0: 0.72, 1: 0.24, 2: 0.03, 3: 0.01}
FIRST = 0.94  # of the rows, those with the first code of a list: most of what is tested conforms
LAST = 0.9  # of the rows, those with the last code of a list: most accidents are of the lowest level, most answers yes


def usual(column: Column, held: str | None, count: int, rng: np.random.Generator) -> Array | None:
    """Values of a kind that is usual for a name; None where nothing is known to be usual for it."""
    match (held or "").split("."):
        case ["usual", "rare"]:
            return rng.choice(np.array(list(RARE), dtype=float), count, p=list(RARE.values()))
        case ["usual", "few"]:
            return rng.poisson(3, count).astype(float)
        case ["usual", "people"]:
            return np.ceil(rng.lognormal(3.2, 1.1, count))
        case ["usual", "loss"]:
            return np.round(rng.lognormal(12.5, 1.2, count), -3)
        case ["usual", "first"]:
            first, *others = codes_in_force(column)
            return np.where(rng.random(count) < FIRST, first, (others or [first])[0]).astype(object)
        case ["usual", "last"]:
            *others, last = codes_in_force(column)
            return np.where(rng.random(count) < LAST, last, (others or [last])[-1]).astype(object)
        case ["usual", other]:
            raise ValueError(f"meanings.csv: nothing is usual.{other}")
    return None
