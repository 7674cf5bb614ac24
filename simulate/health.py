"""Firms flow in; medical institutions and public places, and what is sampled, graded and reported of them, flow out.

Sizes and shares are (ours): most is in time, some is not, so that every figure of the field has something to show.
"""

from __future__ import annotations

import numpy as np

from simulate.firms import NAT, Period, of_trade
from simulate.marks import SPARE
from simulate.staff import FEWEST_PERSONS
from simulate.word_lists import Array, Table, texts

DAY, YEAR = np.timedelta64(1, "D"), np.timedelta64(365, "D")
CLINICS, PLACES, EMPLOYERS = ("84",), ("61", "80", "8930", "9011"), ("06", "1", "2", "3")
FEWEST, FEWEST_SPARE, MOST = 12, 5, 2000
KINDS = {"1": ("61", "62"), "2": ("80",), "3": ("90",), "4": ("89",)}
SUBJECTS = ("内科、外科", "全科医疗科", "口腔科", "中医科、内科", "预防保健科、内科、儿科")
# Of tap water: the item, its code, its limit as it is written, what is measured, and what is beyond it.
ITEMS = (
    *(("余氯", "CL", "≥0.05", (0.06, 0.4), "<0.02"), ("浑浊度", "ZD", "≤1", (0.1, 0.9), "1.6")),
    *(("pH", "PH", "6.5～8.5", (6.8, 8.2), "6.1"), ("菌落总数", "JL", "≤100", (1, 60), "180")),
)
FAILED, LATE = 0.06, 0.04


def _terms(period: Period, count: int, years: int, rng: np.random.Generator) -> Table:
    """Licences of so many years, hardly any of which is past."""
    age = rng.integers(20, years * 365 - 30, count)
    issued = period.first - np.where(rng.random(count) < 0.04, age + years * 365, age) * DAY
    return {"issued_date": issued, "valid_from": issued, "valid_to": issued + years * YEAR}


def _spare(count: int) -> Array:
    return np.arange(count) >= count - FEWEST_SPARE


def make_institutions(firms: Table, there: Array, period: Period, rng: np.random.Generator) -> Table:
    """Hospitals, surgeries and village clinics, verified mostly in time."""
    firm = of_trade(firms, there, CLINICS, FEWEST + FEWEST_SPARE, rng)[:MOST]
    count = len(firm)
    is_hospital = rng.random(count) < 0.25
    kind = np.where(is_hospital, "A", rng.choice(["B", "C", "D"], count, p=[0.2, 0.2, 0.6])).astype(object)
    beds = np.where(is_hospital, rng.integers(40, 900, count), np.where(kind == "C", rng.integers(5, 80, count), 0.0))
    since = rng.integers(10, np.where(beds >= 100, 3 * 365, 365)) + np.where(rng.random(count) < 0.1, 400, 0)
    return {
        "firm": firm,
        "licence_no": texts(
            [f"PDY{n:05d}{firms['region_code'][f]}{k}1001" for n, (f, k) in enumerate(zip(firm, kind, strict=True))]
        ),
        **_terms(period, count, 15, rng),
        "institution_kind": kind,
        "medical_departments": texts([SUBJECTS[n % len(SUBJECTS)].replace("、", ",") for n in range(count)]),
        "beds": beds.astype(float),
        "last_verified_date": period.last - since * DAY,
        "licence_status": np.full(count, "10", dtype=object),
        SPARE: _spare(count),
    }


def make_nurses(institutions: Table, period: Period, rng: np.random.Generator) -> Table:
    """Nurses by beds, registered for five years; of some the years are over."""
    which = _by_beds(institutions, rng, 30)
    issued = period.last - rng.integers(10, 5 * 365 + 60, len(which)) * DAY
    return _staff(institutions, which, rng, "N") | {"issued_date": issued, "valid_to": issued + 5 * YEAR}


def make_physicians(institutions: Table, period: Period, rng: np.random.Generator) -> Table:
    """Physicians by beds, registered without an end; one institution in ten has none."""
    which = _by_beds(institutions, rng, 60)
    which = which[~np.isin(which, np.flatnonzero(rng.random(len(institutions["firm"])) < 0.1))]
    return _staff(institutions, which, rng, "") | {
        "issued_date": period.last - rng.integers(30, 20 * 365, len(which)) * DAY,
        "practice_category": rng.choice(
            np.array(["YS01", "YS02", "YS03"], dtype=object), len(which), p=[0.7, 0.2, 0.1]
        ),
        "practice_level": rng.choice(np.array(["执业医师", "执业助理医师"], dtype=object), len(which), p=[0.85, 0.15]),
    }


def _by_beds(institutions: Table, rng: np.random.Generator, beds_each: int) -> Array:
    """The institution of each of its staff: one at least, and another for so many beds, twenty at most."""
    able = np.flatnonzero(~institutions[SPARE])
    return np.repeat(
        able, 1 + np.minimum(institutions["beds"][able] // beds_each, 19).astype(int) + rng.integers(0, 2, len(able))
    )


def _staff(institutions: Table, which: Array, rng: np.random.Generator, begin: str) -> Table:
    return {
        "firm": institutions["firm"][which],
        "institution_licence_no": institutions["licence_no"][which],
        "person": rng.integers(0, FEWEST_PERSONS, len(which)),
        "practice_certificate_no": texts([f"{begin}1104200{n:08d}" for n in range(len(which))]),
        "licence_status": np.where(rng.random(len(which)) < 0.97, "10", "03").astype(object),
    }


def make_places(firms: Table, there: Array, period: Period, rng: np.random.Generator) -> Table:
    """Hotels, baths, hairdressers and others with a hygiene licence, rechecked mostly in time."""
    firm = of_trade(firms, there, PLACES, FEWEST + FEWEST_SPARE, rng)[:MOST]
    count, terms = len(firm), _terms(period, len(firm), 4, rng)
    rechecked = period.last - rng.integers(10, 800, count) * DAY
    codes = firms["industry_code"][firm]
    return {
        "firm": firm,
        "licence_no": texts([f"鄂卫公证字〔{str(day)[:4]}〕第{n:05d}号" for n, day in enumerate(terms["issued_date"])]),
        **terms,
        "place_kind": texts([next((k for k, begin in KINDS.items() if code.startswith(begin)), "6") for code in codes]),
        "rechecked_date": np.where(rechecked > terms["issued_date"], rechecked, NAT),
        "licence_status": np.full(count, "10", dtype=object),
        SPARE: _spare(count),
    }


def make_gradings(places: Table, period: Period, rng: np.random.Generator) -> Table:
    """A rating of most places within the period; grade and score contradict each other once in a while."""
    which = np.flatnonzero(~places[SPARE] & (rng.random(len(places["firm"])) < 0.85))
    score = np.round(np.clip(rng.normal(82, 12, len(which)), 30, 100), 1)
    odd = rng.random(len(which)) < 0.03
    meant = np.where(odd, score + 15, score)
    grade = np.select([meant >= 90, meant >= 70, meant >= 60], ["A", "B", "C"], "none").astype(object)
    return {
        **{name: places[name][which] for name in ("firm", "licence_no")},
        "rated_date": period.first + rng.integers(0, period.days, len(which)) * DAY,
        "hygiene_score": score,
        "credit_grade": grade,
    }


def make_samples(places: Table, period: Period, rng: np.random.Generator) -> Table:
    """A sample of water of most places, with a row a test item; some do not conform."""
    which = np.flatnonzero(~places[SPARE] & (rng.random(len(places["firm"])) < 0.8))
    count = len(which)
    failed = rng.random((count, len(ITEMS))) < FAILED
    measured = [rng.uniform(low, high, count) for _, _, _, (low, high), _ in ITEMS]
    values = [
        [beyond if failed[n, item] else f"{measured[item][n]:.2f}" for item, (*_, beyond) in enumerate(ITEMS)]
        for n in range(count)
    ]
    point = rng.choice(np.array(["2", "3"], dtype=object), count, p=[0.7, 0.3])
    repeat = len(ITEMS)
    return {
        "firm": np.repeat(places["firm"][which], repeat),
        "sampling_no": np.repeat(texts([f"WS{str(period.last)[:4]}{n:06d}" for n in range(count)]), repeat),
        "sampling_date": np.repeat(period.first + rng.integers(0, period.days, count) * DAY, repeat),
        "sampling_kind": np.full(count * repeat, "06", dtype=object),
        "sampling_point": np.repeat(point, repeat),
        "test_item": np.tile(texts([name for name, *_ in ITEMS]), count),
        "health_test_item": np.tile(texts([code for _, code, *_ in ITEMS]), count),
        "standard_value": np.tile(texts([limit for _, _, limit, *_ in ITEMS]), count),
        "result_value": texts([value for row in values for value in row]),
        "conclusion": np.where(failed.ravel(), "2", "1").astype(object),
    }


def make_infections(institutions: Table, period: Period, rng: np.random.Generator) -> Table:
    """Counts of cards by institution, day and class, a few of them late."""
    able = np.flatnonzero(~institutions[SPARE])
    count = len(able) * max(3, period.days // 10)
    which = rng.choice(able, count) if len(able) else able
    cards = rng.integers(1, 12, len(which))
    return {
        "firm": institutions["firm"][which],
        "report_date": period.first + rng.integers(0, period.days, len(which)) * DAY,
        "disease_class": rng.choice(np.array(["1", "2", "3"], dtype=object), len(which), p=[0.01, 0.59, 0.4]),
        "infection_cases": cards.astype(float),
        "infection_cases_in_time": (cards - rng.binomial(cards, LATE)).astype(float),
        "median_hours": np.round(rng.gamma(2, 3, len(which)), 1),
    }


def make_exposures(firms: Table, there: Array, period: Period, rng: np.random.Generator) -> Table:
    """What factories declare of hazards at work: who is exposed, and who was examined."""
    firm = of_trade(firms, there, EMPLOYERS, FEWEST, rng)[:MOST]
    exposed = rng.integers(3, 120, len(firm))
    return {
        "firm": firm,
        "declared_date": period.first + rng.integers(0, period.days, len(firm)) * DAY,
        "workers_exposed": exposed.astype(float),
        "workers_examined": rng.binomial(exposed, rng.beta(18, 1.5, len(firm))).astype(float),
    }
