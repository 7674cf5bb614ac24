"""Firms flow in; their major hazard sources, and the chemicals that these hold, flow out as columns.

Critical amounts and factors are those of GB 18218-2018 (unverified): R is the sum of what is stored by what is
critical, times a factor of each chemical and one of the people around.
"""

from __future__ import annotations

import numpy as np

from simulate.firms import Period
from simulate.marks import SPARE
from simulate.word_lists import Array, Table, industries, texts

# Chemicals, storage of them and of fuel, gas, smelting, fireworks.
DANGEROUS = ("25", "26", "2720", "2740", "3110", "4511", "4512", "5942", "5265")
FEWEST, OF_DANGEROUS = 24, 0.6
SPARE_SOURCES = 5
# The least R of each level from the highest down; a few sources have another level than their R asks for.
LEVELS = ((100, "1"), (50, "2"), (10, "3"), (0, "4"))
WRONG_LEVEL, OUTDATED, CLOSED = 0.06, 0.12, 0.03
PEOPLE = ((100, 2.0), (50, 1.5), (30, 1.2), (1, 1.0), (0, 0.5))
PLACES = ("罐区", "库区", "生产装置", "充装站", "球罐组")
# Name, CAS number, critical amount in tons, factor.
CHEMICALS = (
    ("甲醇", "67-56-1", 500, 1.0),
    ("乙醇", "64-17-5", 500, 1.0),
    ("汽油", "86290-81-5", 200, 1.0),
    ("苯", "71-43-2", 50, 1.0),
    ("液化石油气", "68476-85-7", 50, 1.5),
    ("氢气", "1333-74-0", 5, 1.5),
    ("液氨", "7664-41-7", 10, 2.0),
    ("液氯", "7782-50-5", 5, 4.0),
)


def make_sources(firms: Table, there: Array, period: Period, rng: np.random.Generator) -> Table:
    """One row a source of firms that are there; the last ones hold nothing that is told: they may be spoiled."""
    mix = industries()
    dangerous = np.array([mix[kind].code.startswith(DANGEROUS) for kind in firms["industry"][there]])
    others = rng.permutation(there[~dangerous])
    is_company = firms["form"][others] == "91"
    pool = np.concatenate([there[dangerous], others[is_company], others[~is_company]])
    wanted = max(FEWEST, round(OF_DANGEROUS * int(dangerous.sum())))
    firm = np.sort(rng.choice(pool[:wanted], wanted))
    people = np.round(rng.lognormal(3.1, 1.2, wanted))
    r_value = np.round(rng.lognormal(2.4, 1.2, wanted), 2)
    evaluated = period.last - rng.integers(1, 3 * 365 - 30, wanted).astype("timedelta64[D]")
    is_outdated = rng.random(wanted) < OUTDATED
    told = np.where(rng.random(wanted) < 0.8, period.first, period.first + rng.integers(0, period.days, wanted))
    chemical = rng.integers(0, len(CHEMICALS), wanted)
    return {
        "firm": firm,
        "source_code": texts([f"{region}{n:07d}" for n, region in enumerate(firms["region_code"][firm], 1)]),
        "element_code": texts([f"{region}{n:07d}" for n, region in enumerate(firms["region_code"][firm], 1)]),
        "element_name": texts([f"{CHEMICALS[c][0]}{PLACES[n % len(PLACES)]}" for n, c in enumerate(chemical)]),
        "source_kind": np.where(np.arange(wanted) % len(PLACES) == 2, "1", "2").astype(object),
        "source_level": _levels(r_value, rng),
        "r_value": r_value,
        "people_around": people,
        "filing_state": rng.choice(np.array(["1", "2", "3"], dtype=object), wanted, p=[0.92, 0.05, CLOSED]),
        "evaluated_date": np.where(is_outdated, evaluated - 3 * 365, evaluated).astype("datetime64[D]"),
        "told_date": told.astype("datetime64[D]"),
        "_chemical": chemical,
        SPARE: np.arange(wanted) >= wanted - SPARE_SOURCES,
    }


def _levels(r_value: Array, rng: np.random.Generator) -> Array:
    right = np.array([next(level for least, level in LEVELS if value >= least) for value in r_value])
    other = np.where(right == "4", "3", "4")  # a source is told as graver, or as harmless
    return np.where(rng.random(len(right)) < WRONG_LEVEL, other, right).astype(object)


def make_chemicals(sources: Table, period: Period, rng: np.random.Generator) -> Table:
    """One row a source and chemical: one or two that together come to its R."""
    if not sources:
        return {}
    whole = np.flatnonzero(~sources[SPARE])
    second = whole[rng.random(len(whole)) < 0.4]
    source = np.concatenate([whole, second])
    kind = np.concatenate([sources["_chemical"][whole], (sources["_chemical"][second] + 3) % len(CHEMICALS)])
    shares = np.where(np.isin(source, second), 0.5, 1.0)
    around = np.array(
        [next(factor for least, factor in PEOPLE if count >= least) for count in sources["people_around"]]
    )
    factor = np.array([CHEMICALS[k][3] for k in kind])
    critical = np.array([float(CHEMICALS[k][2]) for k in kind])
    ratio = shares * sources["r_value"][source] / around[source] / factor
    return {
        "firm": sources["firm"][source],
        "source_code": sources["source_code"][source],
        "cas_no": texts([CHEMICALS[k][1] for k in kind]),
        "chemical_name": texts([CHEMICALS[k][0] for k in kind]),
        "stored_t": np.maximum(np.round(ratio * critical, 3), 0.001),
        "critical_t": critical,
        "correction_factor": factor,
        "told_date": sources["told_date"][source],
    }
