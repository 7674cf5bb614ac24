"""A platform's registrations flow in; what was done about each, and to whom it was assigned, flow out.

Steps that a registration tells of itself (registered, decided, closed) are not told again.
"""

from __future__ import annotations

import numpy as np

from schemas.contract import fields
from simulate.firms import Period
from simulate.word_lists import Array, Table, texts

# Whose duty a problem of codes/problem_class.csv is that belongs to no field.
BESIDE_FIELDS = {"05": "nynct", "14": "rst", "15": "swj"}
ELSE = "scjg"
ELSEWHERE, RETURNED = 0.05, 0.05
RULES_SINCE = np.datetime64("2024-01-01")
DUTY_BASIS = "《湖北省12345热线事项职责清单》（示例）"
RETURN_REASON = "不属于本部门职责"
RULING, TELLING = "10", "11"


def duties() -> dict[str, str]:
    """The department of each problem: the rules of the hotline's list, and what assigners mostly keep to."""
    of_fields = {problem: field.departments[0] for field in fields().values() for problem in field.problems}
    return dict(sorted((of_fields | BESIDE_FIELDS).items()))


def make_steps(registrations: Table, is_hotline: bool, period: Period, rng: np.random.Generator) -> Table:
    """One row a step: mediation of complaints, verification of reports, calls after closing."""
    told = [*_calls(registrations, rng)]
    told += [] if is_hotline else [*_mediation(registrations, rng), *_verification(registrations, rng)]
    case = np.concatenate([which for which, _, _ in told])
    day = np.concatenate([days for _, days, _ in told]).astype("datetime64[D]")
    kind = np.concatenate([np.full(len(which), code, dtype=object) for which, _, code in told])
    has_come = day <= period.last
    case, day, kind = case[has_come], day[has_come], kind[has_come]
    return {
        "firm": registrations["firm"][case],
        "complaint_no": registrations["complaint_no"][case],
        "event_no": registrations["complaint_no"][case] + "-" + kind,
        "event_kind": kind,
        "event_date": day,
    }


Told = tuple[Array, Array, str]


def _after(rng: np.random.Generator, days: Array, least: int, most: int) -> Array:
    later: Array = days + rng.integers(least, most + 1, len(days)).astype("timedelta64[D]")
    return later


def _calls(registrations: Table, rng: np.random.Generator) -> list[Told]:
    """回访 after every second closed case."""
    closed = registrations["closed_date"]
    which = np.flatnonzero(~np.isnat(closed) & (rng.random(len(closed)) < 0.5))
    return [(which, _after(rng, closed[which], 1, 7), "15")]


def _mediation(registrations: Table, rng: np.random.Generator) -> list[Told]:
    """An accepted complaint ends in agreement or not, mostly on the day it is closed."""
    ends = (registrations["complaint_kind"] == "1") & (registrations["is_accepted"] == "1")
    which = np.flatnonzero(ends & (registrations["closed_date"] >= registrations["decided_date"]))
    agreed = rng.random(len(which)) < 0.65
    day = registrations["closed_date"][which]
    return [(which[agreed], day[agreed], "06"), (which[~agreed], day[~agreed], "05")]


def _verification(registrations: Table, rng: np.random.Generator) -> list[Told]:
    """A report is verified within 15 working days, mostly; then a case is filed or not, and the reporter told."""
    which = np.flatnonzero(registrations["complaint_kind"] == "2")
    found = registrations["received_date"][which]
    verified = _after(rng, found, 3, 22)
    ruled = _after(rng, verified, 0, 3)
    return [
        (which, found, "07"),
        (which, verified, "08"),
        (which, ruled, RULING),
        (which, _after(rng, ruled, 0, 7), TELLING),
    ]


def make_routes(registrations: Table, period: Period, rng: np.random.Generator) -> Table:
    """One row an assignment, by duty mostly; some went elsewhere first and were returned."""
    count = len(registrations["firm"])
    whose = duties()
    duty = texts([whose.get(problem, ELSE) for problem in registrations["problem_class"]])
    others = rng.choice(np.array(sorted(set(whose.values())), dtype=object), count)
    received = registrations["received_date"]
    is_returned = (rng.random(count) < RETURNED) & (others != duty)
    returned = np.minimum(_after(rng, received, 1, 3), period.last)
    first = np.where(is_returned | (rng.random(count) < ELSEWHERE), others, duty)
    again = np.flatnonzero(is_returned)
    case = np.concatenate([np.arange(count), again])
    is_again = np.arange(len(case)) >= count
    went_back = is_returned[case] & ~is_again
    return {
        "firm": registrations["firm"][case],
        "complaint_no": registrations["complaint_no"][case],
        "route_no": registrations["complaint_no"][case] + np.where(is_again, "-2", "-1").astype(object),
        "routed_to": np.where(is_again, duty[case], first[case]).astype(object),
        "routed_date": np.where(is_again, returned[case], received[case]).astype("datetime64[D]"),
        "returned_date": np.where(went_back, returned[case], np.datetime64("NaT")).astype("datetime64[D]"),
        "return_reason": np.where(went_back, RETURN_REASON, "").astype(object),
    }


def duty_rules() -> Table:
    """A rule a problem, one for whatever complaint no other rule fits, and one a field for the clues of the field."""
    whose = duties()
    problems = [*whose, "", *("" for _ in fields())]
    of_field = {name: field.departments[0] for name, field in fields().items()}
    departments = [*whose.values(), ELSE, *of_field.values()]
    count = len(problems)
    nothing = np.full(count, "", dtype=object)
    return {
        "rule_no": texts([f"ZZ-{number:03d}" for number in range(1, count + 1)]),
        "duty_department": texts(departments),
        "duty_problem": texts(problems),
        "duty_item": nothing,
        "duty_industry": nothing,
        "duty_region": nothing,
        "duty_field": texts([*("" for _ in whose), "", *of_field]),
        "duty_from": np.full(count, RULES_SINCE),
        "duty_until": np.full(count, np.datetime64("NaT", "D")),
        "duty_basis": np.full(count, DUTY_BASIS, dtype=object),
    }
