"""A period flows in; the stretches of days that share one file flow out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.firms import Period
from simulate.word_lists import Array


@dataclass(frozen=True)
class Windows:
    """A period cut into stretches of `length` days; the last one may be shorter."""

    period: Period
    length: int

    @property
    def count(self) -> int:
        """How many stretches there are."""
        return -(-self.period.days // self.length)

    def of(self, days: Array) -> Array:
        """The stretch each day is in."""
        numbers: Array = (days - self.period.first).astype(int) // self.length
        return numbers

    def end(self, window: Array | int) -> Array:
        """The last day of each stretch."""
        ends: Array = np.minimum(self.period.first + (np.asarray(window) + 1) * self.length - 1, self.period.last)
        return ends


def act_windows(period: Period) -> Windows:
    """Weekly, fortnightly or monthly files, so that six feeds of acts stay near a hundred files."""
    return Windows(period, next((days for days in (7, 14) if period.days / days <= 13), 30))


def with_enough(window: Array, fewest: int) -> Array:
    """Stretches with too few rows to be a file of their own go with the next; the last ones with the one before."""
    begins, ends = [0], (np.flatnonzero(np.diff(window, append=-1)) + 1).tolist()
    for end in ends:
        if end - begins[-1] >= fewest:
            begins.append(end)
    if len(window) and len(window) - begins[-1] < fewest and len(begins) > 1:
        del begins[-1]
    groups = zip(begins, [*begins[1:], len(window)], strict=True)
    return np.concatenate([np.repeat(window[end - 1 : end], end - begin) for begin, end in groups])


def gathered(window: Array, fewest: int) -> Array:
    """The same of rows in any order."""
    order = np.argsort(window, kind="stable")
    together = window.copy()
    together[order] = with_enough(window[order], fewest)
    return together
