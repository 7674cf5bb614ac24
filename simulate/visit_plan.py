"""Inspections flow in; which of them officers recorded on their devices, when and with which doubt, flows out.

Most are in order. Of every eighth something is to be doubted, one kind after the other, so that a small province shows
several kinds and a large one all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulate.firms import Period
from simulate.planting import planted
from simulate.word_lists import Array, Table

RECORDED, DOUBTED, SCANNED, ON_TIME = 0.35, 0.12, 0.93, 0.85
SPARE_SHARE, FEWEST_SPARE = 0.03, 2  # visits of which nothing more is told, so that their rows may be spoiled
ON_SITE = "01"
SLOT, FIRST, SLOTS = np.timedelta64(105, "m"), np.timedelta64(515, "m"), 5  # visits of a body on one day
METRES_A_DEGREE = 111_320.0
FAR = 20_000.0  # metres between two visits that nobody can make one behind the other
STEPS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")
# Seconds that a step takes: the way there, then what is done on the spot; step 05 takes them for each item.
LASTS = (
    *((1200, 2400), (30, 90), (60, 180), (60, 150), (70, 150), (180, 420)),
    *((300, 600), (90, 240), (120, 300), (90, 200), (30, 60)),
)
DOUBTS = (
    *("place", "apart", "short", "hurried", "outside", "clock", "again", "speed", "two_places"),
    *("unanswered", "unsigned", "late", "gap", "chain", "kept"),
)


@dataclass
class Visit:
    """One visit as it is told: where, when, by whom, and which doubt is planted, if any.

    What was found is to be put right by `deadline`, and looked at again on the day `rechecked`.
    """

    number: str
    check: int
    firm: int
    body: int
    officers: Array
    began: np.datetime64
    asked: list[tuple[str, str]]
    lasts: list[int]
    is_scanned: bool
    is_spare: bool
    deadline: np.datetime64
    rechecked: np.datetime64
    doubt: str = ""

    def at(self, step: str) -> np.datetime64:
        """When a step began; the first one before the visit, on the way."""
        place = STEPS.index(step)
        return self.began + np.timedelta64(sum(self.lasts[1:place]) if place else -self.lasts[0], "s")

    @property
    def ended(self) -> np.datetime64:
        """When the officers signed out."""
        return self.at("11") + np.timedelta64(self.lasts[-1], "s")


def planned_visits(
    checks: Table, department: str, asked: Table, period: Period, rng: np.random.Generator
) -> list[Visit]:
    """Who went where and when: the visits of a body on one day follow each other."""
    on_site = np.flatnonzero((checks["check_class"] == ON_SITE) & (checks["check_date"] < period.last))
    chosen = np.sort(rng.choice(on_site, round(RECORDED * len(on_site)), replace=False))
    of_list: dict[str, list[tuple[str, str]]] = {}
    for code, number, name in zip(asked["check_icode"], asked["check_item_no"], asked["check_item_name"], strict=True):
        of_list.setdefault(code, []).append((number, name))
    taken: dict[tuple[int, Any], int] = {}
    visits: list[Visit] = []
    for check in chosen.tolist():
        day = checks["check_date"][check]
        slot = taken[checks["body"][check], day] = taken.get((checks["body"][check], day), -1) + 1
        items = of_list.get(checks["check_icode"][check], [])
        if slot >= SLOTS or not items:
            continue
        began = day.astype("datetime64[m]") + FIRST + slot * SLOT + np.timedelta64(int(rng.integers(0, 15)), "m")
        visits.append(
            Visit(
                number=f"{department.upper()}-XC-{str(day).replace('-', '')}-{len(visits) + 1:05d}",
                check=check,
                firm=int(checks["firm"][check]),
                body=int(checks["body"][check]),
                officers=checks["officers"][check],
                began=began.astype("datetime64[s]") + np.timedelta64(int(rng.integers(0, 60)), "s"),
                asked=items,
                lasts=_lasts(len(items), rng),
                is_scanned=bool(rng.random() < SCANNED),
                is_spare=False,
                deadline=(deadline := day + np.timedelta64(int(rng.integers(5, 31)), "D")),
                rechecked=deadline - np.timedelta64(int(rng.integers(0, 4)) if rng.random() < ON_TIME else -6, "D"),
            )
        )
    for visit in visits[len(visits) - max(FEWEST_SPARE, round(SPARE_SHARE * len(visits))) :]:
        visit.is_spare = True
    _doubt(visits, rng)
    return visits


def _lasts(items: int, rng: np.random.Generator) -> list[int]:
    """Seconds that each step takes."""
    drawn = [int(rng.integers(*span)) for span in LASTS]
    drawn[4] *= items
    return drawn


def _doubt(visits: list[Visit], rng: np.random.Generator) -> None:
    """Plants the doubts; that which needs another visit on the day is planted by `displace`."""
    which = planted(rng, np.array([not visit.is_spare for visit in visits], bool), DOUBTED)
    for number, visit in enumerate(visit for visit, is_doubted in zip(visits, which, strict=True) if is_doubted):
        visit.doubt = DOUBTS[number % len(DOUBTS)]
        if visit.doubt == "short":
            visit.lasts = [visit.lasts[0], 10, 20, 20, 22 * len(visit.asked), 20, 20, 20, 10, 10, 10]
        if visit.doubt == "hurried":
            visit.lasts[4] = 9 * len(visit.asked)
            visit.lasts[6] += 300


def displace(visits: list[Visit], firms: Table) -> None:
    """The officers of a visit far away on the same day are said to have made this one too: meanwhile, or minutes later.

    A visit of which there is none such has no doubt.
    """
    for visit in [visit for visit in visits if visit.doubt in ("speed", "two_places")]:
        others = [
            other
            for other in visits
            if other.began.astype("datetime64[D]") == visit.began.astype("datetime64[D]")
            and not (other.doubt or other.is_spare)
            and _metres(firms, visit.firm, other.firm) > FAR
        ]
        if not others:
            visit.doubt = ""
            continue
        visit.officers = others[0].officers
        from_here = others[0].ended if visit.doubt == "speed" else others[0].began
        visit.began = from_here + np.timedelta64(6, "m")


def _metres(firms: Table, one: int, other: int) -> float:
    east = (firms["longitude"][one] - firms["longitude"][other]) * np.cos(np.radians(firms["latitude"][one]))
    return float(np.hypot(east, firms["latitude"][one] - firms["latitude"][other]) * METRES_A_DEGREE)


def near(firms: Table, firm: int, metres: float, rng: np.random.Generator) -> tuple[float, float]:
    """A place so far from a firm, in any direction."""
    angle = rng.uniform(0, 2 * np.pi)
    north = metres * np.sin(angle) / METRES_A_DEGREE
    east = metres * np.cos(angle) / METRES_A_DEGREE / np.cos(np.radians(firms["latitude"][firm]))
    return round(float(firms["longitude"][firm] + east), 6), round(float(firms["latitude"][firm] + north), 6)
