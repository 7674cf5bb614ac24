"""The bodies of a department flow in; their officers, with licences and numbers nobody has, flow out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.contract import departments
from schemas.identities import id_card_check_char
from simulate.calendar import compact
from simulate.departments import office_of
from simulate.divisions import Body, body_of, places
from simulate.word_lists import Array, Table, person_names, random_for

FEWEST_PERSONS = 50  # of a department that are not its officers, however small the province
TERM = np.timedelta64(15 * 365, "D")  # (ours) longer than any province that is simulated: renewals have no story


@dataclass(frozen=True)
class Staff:
    """A department's officers: where in `officers` each place's body begins, and how many it has."""

    officers: Table
    bodies: tuple[Body, ...]
    body_of_place: Array
    begins: Array
    counts: Array


def make_staff(department: str, seed: int) -> Staff:
    """The officers of every body of a department; places that share a body share its officers."""
    rng, office = random_for(seed, "officers", department), office_of(department)
    of_place = [body_of(department, place) for place in places()]
    bodies = tuple(dict.fromkeys(of_place))
    counts = office.officers + rng.integers(0, 3, len(bodies))
    owner = np.repeat(np.arange(len(bodies)), counts)
    seat = [of_place.index(body) for body in bodies]
    region = [places()[s].city if office.seat == "city" else places()[s].code for s in seat]
    count = len(owner)
    first = office.serial % 10 * 10**6 + office.serial // 10 * 10**5  # no two departments' licences meet
    female = rng.random(count) < 0.35
    officers: Table = {
        "officer_name": person_names(rng, count),
        "organisation": np.array([bodies[o].name for o in owner], dtype=object),
        "id_card": id_cards(rng, count, female),
        "gender": np.where(female, "2", "1").astype(object),
        "officer_nature": rng.choice(np.array(["01", "02", "03", "05"], dtype=object), count, p=[0.6, 0.1, 0.28, 0.02]),
        "certificate_no": np.array([f"17{region[o][2:4]}{first + n:07d}" for n, o in enumerate(owner)], dtype=object),
        "certificate_expiry_date": _expiry(rng.integers(0, 4 * 365, count)),
        "enforcement_class": np.full(
            count, departments()[department].label.removesuffix("局") + "行政执法", dtype=object
        ),
        "region_code": np.array([region[o] for o in owner], dtype=object),
    }
    officers["certificate_valid_to"] = officers["certificate_expiry_date"]
    officers["certificate_valid_from"] = officers["certificate_expiry_date"] - TERM
    body_of_place = np.array([bodies.index(body) for body in of_place])
    return Staff(officers, bodies, body_of_place, np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)


def _expiry(days: Array) -> Array:
    """The last day of licences: of one in a hundred in 2026, of the others in the four years after."""
    return np.datetime64("2026-01-01") + np.where(days < 15, 24 * days, 365 + days).astype("timedelta64[D]")


def id_cards(rng: np.random.Generator, count: int, female: Array) -> Array:
    """Valid numbers under the province's own code 420000, which no birthplace has: nobody carries them."""
    born = np.datetime64("1966-01-01") + rng.integers(0, 33 * 365, count).astype("timedelta64[D]")
    number = rng.integers(0, 499, count) * 2 + np.where(female, 0, 1)
    first17 = [f"420000{day}{n:03d}" for day, n in zip(compact(born), number, strict=True)]
    return np.array([text + id_card_check_char(text) for text in first17], dtype=object)
