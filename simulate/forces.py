"""Inspections flow in; the coercive measures that follow from them flow out as columns."""

from __future__ import annotations

import numpy as np

from simulate.acts import act_codes
from simulate.firms import Period
from simulate.marks import PLANTED
from simulate.planting import planted
from simulate.word_lists import Array, Table, random_for

OTHERS = 0.25  # of the inspections that found something else, those after which something was sealed or seized too
LONGEST = 60  # days, extension included (行政强制法 art. 25)
TOO_LONG = 0.03


def make_forces(checks: Table, department: str, firms: Table, period: Period, seed: int) -> Table:
    """A measure for every inspection with result 05, but those planted without; and after some of the others."""
    rng = random_for(seed, "forces", department)
    cited = np.flatnonzero((checks["check_result"] == "05") & (checks[PLANTED] == ""))
    found = np.flatnonzero(np.isin(checks["check_result"], ["02", "03", "04"]))
    others = rng.choice(found, round(OTHERS * len(found)), replace=False)
    source = np.sort(np.concatenate([cited, others]))
    count = len(source)
    begin = np.minimum(checks["check_date"][source] + rng.integers(0, 6, count).astype("timedelta64[D]"), period.last)
    end = begin + rng.integers(1, LONGEST + 1, count).astype("timedelta64[D]")
    longer = begin + rng.integers(LONGEST + 1, 2 * LONGEST, count).astype("timedelta64[D]")
    is_longer = planted(rng, longer <= period.last, TOO_LONG)
    return {
        **{name: checks[name][source] for name in ("firm", "item", "body", "officers", "check_action_code")},
        "force_action_code": act_codes(department, "QZ", firms["region_code"][checks["firm"][source]], begin),
        "begin_date": begin,
        "end_date": np.where(is_longer, longer, np.where(end <= period.last, end, np.datetime64("NaT"))).astype(
            "datetime64[D]"
        ),
        "force_kind": np.full(count, "01", dtype=object),
        "force_measure": _measures(rng, is_longer),
        PLANTED: np.where(is_longer, "end_date:too_long", "").astype(object),
    }


def _measures(rng: np.random.Generator, is_longer: Array) -> Array:
    """Sealing and seizing mostly (codes/force_measure.csv); for what lasts too long there is a limit."""
    drawn = rng.choice(np.array(["02", "03", "04", ""], dtype=object), len(is_longer), p=[0.45, 0.35, 0.1, 0.1])
    return np.where(is_longer & (drawn == ""), "02", drawn).astype(object)
