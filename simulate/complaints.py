"""Firms flow in; consumers' complaints, with every later state in which they are reported again, flow out."""

from __future__ import annotations

import numpy as np

from simulate.calendar import COMPLAINT_MONTHS, after_workdays, compact, draw_days
from simulate.firms import NAT, Period
from simulate.marks import PLANTED, WINDOW
from simulate.windows import Windows
from simulate.word_lists import Array, Table, industries, person_names, random_for, some

COMPLAINTS_A_FIRM_AND_YEAR = 1.4
ON_TIME, LATE = 0.89, 0.07
PROBLEM_CLASSES = (
    (("5251", "5252", "5151", "5152", "27"), "10"),
    (("62", "5212", "5213", "522", "5124", "13", "14", "15"), "09"),
    (("7291", "90", "6110", "612"), "06"),
    (("84", "8051"), "07"),
    (("54", "6020"), "04"),
    (("4511", "4512", "5265"), "11"),
    (("66",), "12"),
)


def make_complaints(firms: Table, period: Period, seed: int) -> Table:
    """One row a case in its last state: whom it is about, when it came, was decided and was closed."""
    rng = random_for(seed, "complaints")
    total = round(COMPLAINTS_A_FIRM_AND_YEAR * len(firms["uscc"]) * period.days / 365)
    active = (firms["registration_state"] == "1") * firms["complaint_weight"] * (0.12 + firms["risk"])
    received = np.sort(draw_days(rng, period.first, period.days, total, COMPLAINT_MONTHS, 0.55))
    firm = rng.choice(len(active), total, p=active / active.sum())
    there = firms["established_date"][firm] <= received
    there &= np.isnat(firms["closed_date"][firm]) | (firms["closed_date"][firm] > received)
    received, firm = received[there], firm[there]
    count = len(firm)
    kind = rng.choice(np.array(["1", "2", "4"], dtype=object), count, p=[0.8, 0.18, 0.02])
    amount = np.where((kind == "1") & (rng.random(count) < 0.8), np.round(rng.lognormal(5.6, 1.3, count), 2), np.nan)
    complaints: Table = {
        "firm": firm,
        "complaint_no": _numbers(firms["region_code"][firm], received),
        "complaint_kind": kind,
        "complaint_channel": rng.choice(
            np.array(["1", "3", "6", "8", "p"], dtype=object), count, p=[0.2, 0.04, 0.1, 0.26, 0.4]
        ),
        "problem_class": _problem_classes(firms["industry_code"][firm]),
        "complainant_name": np.where(rng.random(count) < 0.75, person_names(rng, count), "").astype(object),
        "complainant_phone": _phones(rng, count),
        "names_code": rng.random(count) < 0.7,
        "complaint_matter": _matters(rng, firms["industry"][firm]),
        "disputed_cny": amount,
        "received_date": received,
    }
    _add_handling(rng, complaints, period)
    return complaints


def _numbers(region: Array, received: Array) -> Array:
    return np.array(
        [f"1{r}{d}{n:06d}" for n, (r, d) in enumerate(zip(region, compact(received), strict=True), 1)],
        dtype=object,
    )


def _problem_classes(industry: Array) -> Array:
    """What the complaint is about, by the firm's industry; market supervision where nothing is nearer."""
    known = {
        industry.code: next((code for begins, code in PROBLEM_CLASSES if industry.code.startswith(begins)), "08")
        for industry in industries()
    }
    return np.array([known[code] for code in industry], dtype=object)


def _phones(rng: np.random.Generator, count: int) -> Array:
    """Numbers beginning with 100, which no mobile phone has."""
    numbers = np.array([f"100{n:08d}" for n in rng.integers(0, 10**8, count)], dtype=object)
    return np.where(rng.random(count) < 0.7, numbers, "").astype(object)


def _matters(rng: np.random.Generator, industry: Array) -> Array:
    goods = np.array([i.scope.split("；")[0].split("（")[0] for i in industries()], dtype=object)[industry]
    lead = np.where(rng.random(len(industry)) < 0.5, "反映该单位在", "称在该单位消费（").astype(object)
    middle = np.where(lead == "反映该单位在", "经营中", "）后").astype(object)
    matters: Array = (
        lead + goods + middle + some(rng, "complaint", len(industry)) + "，" + some(rng, "wish", len(industry))
    )
    return matters


def _add_handling(rng: np.random.Generator, complaints: Table, period: Period) -> None:
    """Decisions mostly within 7 working days, some late, some never; what lies past the last day has not happened."""
    received = complaints["received_date"]
    count = len(received)
    draw = rng.random(count)
    quick = np.minimum(rng.geometric(0.3, count), 7)
    steps = np.where(draw < ON_TIME, quick, rng.integers(8, 22, count))
    decided = after_workdays(received, steps)
    decided = np.where((draw < ON_TIME + LATE) & (decided <= period.last), decided, NAT).astype("datetime64[D]")
    is_decided = ~np.isnat(decided)
    accepted = rng.random(count) < 0.84
    complaints["decided_date"] = decided
    complaints["is_accepted"] = np.where(is_decided, np.where(accepted, "1", "0"), "").astype(object)
    takes = np.minimum(3 + rng.gamma(2, 9, count), 120).astype(int).astype("timedelta64[D]")
    closed = np.where(accepted, decided + takes, decided)
    complaints["closed_date"] = np.where(closed <= period.last, closed, NAT).astype("datetime64[D]")
    redeemed = np.round(complaints["disputed_cny"] * rng.uniform(0.3, 1.2, count), 2)
    pays = accepted & ~np.isnat(complaints["closed_date"]) & (rng.random(count) < 0.55)
    complaints["redeemed_cny"] = np.where(pays, redeemed, np.nan)


def as_reported(complaints: Table, windows: Windows) -> Table:
    """A row for every case and window in which its state changed, with the state at that window's end."""
    states = [complaints[name] for name in ("received_date", "decided_date", "closed_date")]
    known = [np.flatnonzero(~np.isnat(days)) for days in states]
    seen = [case * windows.count + windows.of(days[case]) for case, days in zip(known, states, strict=True)]
    case, window = np.divmod(np.unique(np.concatenate(seen)), windows.count)
    order = np.lexsort((complaints["received_date"][case], window))
    case, window = case[order], window[order]
    rows = {name: column[case] for name, column in complaints.items()}
    for name, dependant, nothing in (
        ("decided_date", "is_accepted", ""),
        ("closed_date", "redeemed_cny", np.nan),
    ):
        has_come = rows[name] <= windows.end(window)
        rows[name] = np.where(has_come, rows[name], NAT).astype("datetime64[D]")
        rows[dependant] = np.where(has_come, rows[dependant], nothing).astype(rows[dependant].dtype)
    if PLANTED in rows:
        told = ~np.isnat(rows["decided_date"]) & ~np.isnat(rows["closed_date"])
        rows[PLANTED] = np.where(told, rows[PLANTED], "").astype(object)
    return {**rows, WINDOW: window}
