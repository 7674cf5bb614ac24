"""Consumers' complaints flow in; what each platform registers of them, naming the registration it came from, flows out.

A case may begin at the hotline (12345) or the nation's platform, which pass it on to 12315 or 12369; those register it
again under a number of their own and say where it came from (docs/domain.md §1.9).
"""

from __future__ import annotations

import numpy as np

from simulate.complaints import make_complaints
from simulate.firms import NAT, Period
from simulate.marks import PLANTED
from simulate.planting import planted
from simulate.word_lists import Array, Table, random_for, texts

HOTLINE, NATION, MARKET, ENVIRONMENT = "szj", "gjpt", "scjg", "sthj"
# What a platform's numbers begin with, so that no two are alike.
BEGINS = {MARKET: "1", ENVIRONMENT: "2", NATION: "3", HOTLINE: "5"}
ORIGINS = {"": 0.64, HOTLINE: 0.3, NATION: 0.06}
TO_ENVIRONMENT = 0.05
POLLUTION = "03"  # of codes/problem_class.csv
HOTLINE_ONLY = 0.15  # of all cases, those more that the hotline answers itself
LOST = 0.08  # of these, the ones that it passed on and nobody registered
CLOSED_BEFORE_DECIDED = 0.015


def make_registrations(firms: Table, period: Period, seed: int) -> dict[str, Table]:
    """By platform, one row a registration in its last state."""
    rng = random_for(seed, "platforms")
    cases = make_complaints(firms, period, seed)
    count = len(cases["firm"])
    origin = rng.choice(np.array(list(ORIGINS), dtype=object), count, p=list(ORIGINS.values()))
    handler = np.where(rng.random(count) < TO_ENVIRONMENT, ENVIRONMENT, MARKET).astype(object)
    # Whoever took the case down first says so too.
    cases["problem_class"] = np.where(handler == ENVIRONMENT, POLLUTION, cases["problem_class"]).astype(object)
    number = cases["complaint_no"]
    begun = {name: _renumbered(number, name) for name in (HOTLINE, NATION)}
    handled = {
        **cases,
        "complaint_no": np.where(handler == ENVIRONMENT, _renumbered(number, ENVIRONMENT), number).astype(object),
        "origin_platform": origin,
        "origin_no": np.select([origin == HOTLINE, origin == NATION], [begun[HOTLINE], begun[NATION]], "").astype(
            object
        ),
        "passed_to": np.full(count, "", dtype=object),
    }
    _plant(rng, handled)
    earlier = np.maximum(cases["received_date"] - rng.integers(0, 2, count).astype("timedelta64[D]"), period.first)
    passed_on = {
        name: _passed_on(rng, _rows(cases, origin == name), begun[name], earlier, handler, origin == name, period)
        for name in begun
    }
    own = _own(rng, cases, period)
    return {
        MARKET: _rows(handled, handler == MARKET),
        ENVIRONMENT: _rows(handled, handler == ENVIRONMENT),
        HOTLINE: {name: np.concatenate([values, own[name]]) for name, values in passed_on[HOTLINE].items()},
        NATION: passed_on[NATION],
    }


def _renumbered(numbers: Array, platform: str) -> Array:
    return texts([BEGINS[platform] + number[1:] for number in numbers])


def _rows(table: Table, which: Array) -> Table:
    return {name: values[which] for name, values in table.items()}


def _passed_on(
    rng: np.random.Generator, rows: Table, number: Array, earlier: Array, handler: Array, which: Array, period: Period
) -> Table:
    """Registrations that say to whom they went; they are closed soon after the one who handles them says so."""
    count = len(rows["firm"])
    closed = rows["closed_date"] + rng.integers(0, 4, count).astype("timedelta64[D]")
    return {
        **rows,
        "complaint_no": number[which],
        "received_date": earlier[which],
        "decided_date": np.full(count, NAT),
        "closed_date": np.where(closed <= period.last, closed, NAT).astype("datetime64[D]"),
        "is_accepted": np.full(count, "", dtype=object),
        "redeemed_cny": np.full(count, np.nan),
        "origin_platform": np.full(count, "", dtype=object),
        "origin_no": np.full(count, "", dtype=object),
        "passed_to": handler[which],
        PLANTED: np.full(count, "", dtype=object),
    }


def _own(rng: np.random.Generator, cases: Table, period: Period) -> Table:
    """What the hotline answers itself, as of some of the cases; a few it passed on, and they were lost on the way."""
    count = len(cases["firm"])
    which = np.flatnonzero(rng.random(count) < HOTLINE_ONLY)
    numbers = texts([f"{BEGINS[HOTLINE]}{number[1:-6]}9{number[-5:]}" for number in cases["complaint_no"]])
    every = np.ones(len(which), bool)
    lost = np.where(rng.random(len(which)) < LOST, MARKET, "").astype(object)
    rows = _rows(cases, which)
    rows["closed_date"] = (rows["received_date"] + rng.integers(1, 9, len(which))).astype("datetime64[D]")
    told = _passed_on(rng, rows, numbers[which], rows["received_date"], lost, every, period)
    return {**told, "closed_date": np.where(lost == "", told["closed_date"], NAT).astype("datetime64[D]")}


def _plant(rng: np.random.Generator, cases: Table) -> None:
    """Closes some cases before they were decided."""
    received, decided, closed = (cases[name] for name in ("received_date", "decided_date", "closed_date"))
    early = planted(rng, ~np.isnat(closed) & (decided > received), CLOSED_BEFORE_DECIDED)
    cases["closed_date"] = np.where(early, decided - 1, closed).astype("datetime64[D]")
    cases[PLANTED] = np.where(early, "closed_date:closed_before_decided", "").astype(object)
