"""Inspections flow in; the penalties that follow from them, and from cases begun elsewhere, flow out as columns."""

from __future__ import annotations

import numpy as np

from schemas.contract import departments
from simulate.acts import act_codes, delays
from simulate.departments import office_of
from simulate.divisions import places
from simulate.firms import NAT, Period
from simulate.marks import PLANTED
from simulate.planting import planted
from simulate.staff import id_cards
from simulate.word_lists import Array, Table, person_names, random_for, texts

OTHER_CASES = 0.2
# Shares of decisions that break a rule over several dates or tables.
BEFORE_CHECK, BEFORE_DECISION, OVER_90_DAYS, NOT_REVIEWED = 0.02, 0.08, 0.1, 0.06
MAJOR_FINE = 50_000


def make_penalties(checks: Table, department: str, firms: Table, period: Period, seed: int) -> Table:
    """A decision for every check with result 04, some against the person in charge, and cases from elsewhere."""
    rng = random_for(seed, "penalties", department)
    cited = np.flatnonzero((checks["check_result"] == "04") & (checks[PLANTED] == ""))
    persons = cited[rng.random(len(cited)) < office_of(department).persons]
    others = _other_cases(rng, checks, round(len(cited) * OTHER_CASES))
    source = np.concatenate([cited, persons, others])
    is_person = np.repeat([False, True, False], [len(cited), len(persons), len(others)])
    is_other = np.repeat([False, False, True], [len(cited), len(persons), len(others)])
    order = np.argsort(checks["check_date"][source], kind="stable")
    source, is_person, is_other = source[order], is_person[order], is_other[order]
    count, firm = len(source), checks["firm"][source]
    simple = rng.random(count) < 0.4
    set_date, decided = _case_dates(rng, checks["check_date"][source], simple, period)
    decided = np.minimum(decided, _before_closing(firms["closed_date"][firm], set_date, decided))
    submitted = np.minimum(decided + delays(rng, count), period.last)
    closed = decided + rng.integers(0, 40, count).astype("timedelta64[D]")
    penalties: Table = {
        "firm": firm,
        "item": checks["item"][source],
        "body": checks["body"][source],
        "is_person": is_person,
        "check_action_code": np.where(is_other, "", checks["check_action_code"][source]).astype(object),
        "case_source": np.where(is_other, rng.choice(["02", "03", "03", "03", "04", "06"], count), "01").astype(object),
        "punish_procedure": np.where(simple, "01", "02").astype(object),
        "punish_set_date": np.where(simple & (rng.random(count) < 0.5), NAT, set_date).astype("datetime64[D]"),
        "punish_date": decided,
        "closed_date": np.where(closed <= submitted, closed, NAT).astype("datetime64[D]"),
        "submitted_date": submitted,
        "punish_action_code": act_codes(department, "CF", firms["region_code"][firm], decided),
        "person": person_names(rng, count),
        "id_card": id_cards(rng, count, rng.random(count) < 0.3),
    }
    _add_sanctions(rng, penalties, firms["risk"][firm], department, simple)
    penalties["punish_file_no"] = _file_numbers(department, firms["place"][firm], penalties["punish_date"])
    _plant(random_for(seed, "planted penalties", department), penalties, checks["check_date"][source])
    return penalties


def _file_numbers(department: str, place: Array, day: Array) -> Array:
    """The decisions' numbers: place, department, year, and a running number."""
    short, year = [where.short for where in places()], np.datetime_as_string(day, unit="Y")
    by = departments()[department].label[:2]
    numbered = enumerate(zip(place.tolist(), year.tolist(), strict=True), 1)
    return texts([f"{short[where]}{by}罚〔{of}〕{number}号" for number, (where, of) in numbered])


def _plant(rng: np.random.Generator, penalties: Table, checked: Array) -> None:
    """Makes some decisions break a rule: dates out of order, filed too long before, not reviewed; one each at most."""
    count = len(checked)
    by = rng.integers(1, 20, count).astype("timedelta64[D]")
    opened, decided, closed = (penalties[name] for name in ("punish_set_date", "punish_date", "closed_date"))
    from_check = penalties["check_action_code"] != ""
    candidates = {
        "legal_review:not_reviewed": (penalties["major_case"] == "1", NOT_REVIEWED),
        "closed_date:before_decision": (np.isnat(opened), BEFORE_DECISION),
        "punish_set_date:over_90_days": (~from_check & ~np.isnat(opened), OVER_90_DAYS),
        "punish_date:before_check": (from_check, BEFORE_CHECK),
    }
    marks = np.full(count, "", dtype=object)
    for mark, (could, share) in candidates.items():
        marks[planted(rng, could & (marks == ""), share, 5)] = mark
    before = marks == "punish_date:before_check"
    penalties["punish_date"] = np.where(before, checked - by, decided)
    late = marks == "punish_set_date:over_90_days"
    opened = np.where(before, penalties["punish_date"], opened)
    penalties["punish_set_date"] = np.where(late, decided - 90 - by, opened).astype("datetime64[D]")
    early = marks == "closed_date:before_decision"
    penalties["closed_date"] = np.where(early, decided - by, closed).astype("datetime64[D]")
    penalties["legal_review"] = np.where(marks == "legal_review:not_reviewed", "0", penalties["legal_review"])
    penalties[PLANTED] = marks


def _other_cases(rng: np.random.Generator, checks: Table, count: int) -> Array:
    """Cases that no check began: firm, day and item as of some check that found something."""
    found = np.flatnonzero(np.isin(checks["check_result"], ["02", "03"]))
    return rng.choice(found, min(count, len(found)), replace=False)


def _case_dates(rng: np.random.Generator, day: Array, simple: Array, period: Period) -> tuple[Array, Array]:
    """When the case was opened and decided; what would not be decided by the last day was decided on the spot."""
    count = len(day)
    set_date = day + np.where(simple, 0, rng.integers(0, 6, count)).astype("timedelta64[D]")
    takes = np.where(simple, rng.integers(0, 3, count), np.minimum(2 + rng.gamma(2, 7, count), 85).astype(int))
    decided = set_date + takes.astype("timedelta64[D]")
    late = decided > period.last
    return np.where(late, day, set_date), np.where(late, day, decided)


def _before_closing(gone: Array, set_date: Array, decided: Array) -> Array:
    """No decision against a firm that has left the register: it is decided before, if the case was open by then."""
    last_day = np.maximum(gone - 1, set_date)
    return np.where(np.isnat(gone), decided, last_day)


def _add_sanctions(rng: np.random.Generator, penalties: Table, risk: Array, department: str, simple: Array) -> None:
    count = len(risk)
    kinds = np.array(["01", "02", "03", "04", "05", "07"], dtype=object)
    kind = rng.choice(kinds, count, p=[0.22, 0.6, 0.11, 0.03, 0.02, 0.02])
    kind[penalties["is_person"]] = "02"
    size = office_of(department).fine * np.where(simple, 0.1, 1.0) * np.where(penalties["is_person"], 0.4, 1.0)
    fine = np.maximum(np.round(size * rng.lognormal(0, 0.9, count) * (0.7 + risk) / 50) * 50, 50)
    penalties["punish_kind"] = kind
    penalties["fine_cny"] = np.where(np.isin(kind, ["02", "03"]), fine, np.nan)
    major = (fine > min(MAJOR_FINE, 2.5 * office_of(department).fine)) & (kind == "02")
    penalties["major_case"] = np.where(major, "1", "0").astype(object)
    penalties["legal_review"] = np.where(major | (~simple & (rng.random(count) < 0.7)), "1", "0").astype(object)
    calm = rng.random((2, count)) < 0.985
    penalties["reconsideration"] = np.where(calm[0], "00", rng.choice(["04", "05", "12"], count)).astype(object)
    penalties["litigation"] = np.where(calm[1], "00", rng.choice(["01", "12"], count)).astype(object)
