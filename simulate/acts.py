"""Firms flow in; the inspections of every department flow out as columns."""

from __future__ import annotations

import numpy as np

from simulate.calendar import BUSY_MONTHS, compact, draw_days
from simulate.departments import inspecting
from simulate.firms import Period
from simulate.marks import PLANTED
from simulate.planting import planted
from simulate.staff import Staff
from simulate.word_lists import Array, Table, industries, items, random_for

CHECKS_A_FIRM_AND_YEAR = 3.3
NO_CONSEQUENCE = 0.03
MODE_SHARES = {"1": 0.6, "2": 0.28, "3": 0.12}


def make_checks(firms: Table, staff: dict[str, Staff], period: Period, seed: int) -> dict[str, Table]:
    """The inspections of each department: risky firms are inspected more often, and fail more often."""
    total = CHECKS_A_FIRM_AND_YEAR * len(firms["uscc"]) * period.days / 365
    return {
        department: _checks(department, round(total * share), firms, staff[department], period, seed)
        for department, share in inspecting().items()
    }


def _checks(department: str, total: int, firms: Table, staff: Staff, period: Period, seed: int) -> Table:
    rng = random_for(seed, "checks", department)
    mix = industries()
    supervised = np.array([department in industry.departments for industry in mix])[firms["industry"]]
    pool = np.flatnonzero(supervised & (firms["registration_state"] == "1"))
    day = np.sort(draw_days(rng, period.first, period.days, total if len(pool) else 0, BUSY_MONTHS, 0.1))
    mode = rng.choice(np.array(list(MODE_SHARES), dtype=object), len(day), p=list(MODE_SHARES.values()))
    firm = _checked_firms(rng, firms, pool, mode)
    there = firms["established_date"][firm] <= day
    there &= np.isnat(firms["closed_date"][firm]) | (firms["closed_date"][firm] > day)
    day, mode, firm = day[there], mode[there], firm[there]
    count = len(day)
    item = draw_items(rng, department, firms["industry"][firm])
    body = staff.body_of_place[firms["place"][firm]]
    submitted = np.minimum(day + delays(rng, count), period.last)
    checks: Table = {
        "firm": firm,
        "item": item,
        "body": body,
        "check_mode": mode,
        "check_date": day,
        "act_kind": np.full(count, "1", dtype=object),
        "submitted_date": submitted,
        "check_result": _results(rng, firms["risk"][firm], mode, body),
        "check_class": rng.choice(np.array(["01", "02"], dtype=object), count, p=[0.88, 0.12]),
        "check_form": rng.choice(np.array(["01", "02", "99"], dtype=object), count, p=[0.68, 0.28, 0.04]),
    }
    checks["check_action_code"] = act_codes(department, "JC", firms["region_code"][firm], day)
    checks["officers"] = draw_officers(rng, staff, body)
    checks[PLANTED] = _without_consequence(random_for(seed, "no consequence", department), checks["check_result"])
    return checks


def _without_consequence(rng: np.random.Generator, result: Array) -> Array:
    """Some inspections say that a penalty or coercion follows, and nobody reports one."""
    no_penalty = planted(rng, result == "04", NO_CONSEQUENCE)
    no_force = planted(rng, result == "05", NO_CONSEQUENCE, 12)
    marks = np.where(no_penalty, "check_result:no_penalty", np.where(no_force, "check_result:no_force", ""))
    return marks.astype(object)


def _checked_firms(rng: np.random.Generator, firms: Table, pool: Array, mode: Array) -> Array:
    """双随机 draws evenly, 重点监管 by industry and suspicion, 信用监管 by record."""
    risk = firms["risk"][pool]
    industry_risk = np.exp(np.array([industry.risk for industry in industries()]))[firms["industry"][pool]]
    weights = {"1": np.ones(len(pool)), "2": industry_risk * (0.15 + risk), "3": 0.1 + risk}
    firm = np.zeros(len(mode), dtype=int)
    for code, weight in weights.items():
        here = mode == code
        firm[here] = rng.choice(pool, here.sum(), p=weight / weight.sum()) if here.any() else 0
    return firm


def draw_items(rng: np.random.Generator, department: str, industry: Array) -> Array:
    """For every act one of the department's items, that its firm's industry falls under if any does; by `items()`."""
    chosen = np.zeros(len(industry), dtype=int)
    for kind in np.unique(industry):
        here = np.flatnonzero(industry == kind)
        own = [n for n, item in enumerate(items()) if item.department == department] or [*range(len(items()))]
        fitting = [n for n in own if items()[n].fits(industries()[kind].code)] or own
        weights = np.array([items()[n].weight for n in fitting])
        chosen[here] = rng.choice(fitting, len(here), p=weights / weights.sum())
    return chosen


def delays(rng: np.random.Generator, count: int) -> Array:
    """Days until an act is reported: most within a week, a few long after."""
    usual = rng.choice(8, count, p=[0.3, 0.28, 0.16, 0.1, 0.06, 0.04, 0.03, 0.03])
    late = rng.random(count) < 0.03
    return (usual + np.where(late, rng.integers(5, 25, count), 0)).astype("timedelta64[D]")


def _results(rng: np.random.Generator, risk: Array, mode: Array, body: Array) -> Array:
    """01 when nothing was found, which depends on who looked as well."""
    strictness = strictness_of(rng, int(body.max(initial=0)) + 1)[body]
    aim = np.where(mode == "1", 0.9, 1.1)
    found = rng.random(len(risk)) < np.clip((0.02 + 0.72 * risk) * aim * strictness, 0, 0.95)
    penalty = 0.13 + 0.5 * risk
    draw = rng.random(len(risk))
    answer = np.where(draw < penalty, "04", np.where(draw < penalty + 0.04, "05", np.where(draw < 0.8, "02", "03")))
    nothing = np.where(rng.random(len(risk)) < 0.01, "06", "01")
    return np.where(found, answer, nothing).astype(object)


def strictness_of(rng: np.random.Generator, bodies: int) -> Array:
    """How often each body finds what there is to find, 1 as usual: it differs from body to body, as it does in life."""
    return rng.lognormal(0, 0.12, bodies)


def act_codes(department: str, kind: str, region: Array, day: Array) -> Array:
    """Codes of acts: department, kind, place, day and a running number."""
    numbers = enumerate(zip(region, compact(day), strict=True), 1)
    return np.array([f"{department.upper()}-{kind}-{r}-{d}-{n:06d}" for n, (r, d) in numbers], dtype=object)


def draw_officers(rng: np.random.Generator, staff: Staff, body: Array) -> Array:
    """Two officers of the body, seldom three: one column each, -1 for no third."""
    begins, counts, count = staff.begins[body], staff.counts[body], len(body)
    first = rng.integers(0, 1 << 30, count) % counts
    second = (first + 1 + rng.integers(0, 1 << 30, count) % (counts - 1)) % counts
    third = np.where((second + 1) % counts == first, (second + 2) % counts, (second + 1) % counts)
    has_third = (rng.random(count) < 0.12) & (counts > 2)
    return np.stack([begins + first, begins + second, np.where(has_third, begins + third, -1)], axis=1)
