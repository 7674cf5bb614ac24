"""Inspections flow in; the checklists that bodies made for the items they inspect under flow out."""

from __future__ import annotations

import numpy as np

from simulate.departments import office_of
from simulate.firms import Period
from simulate.marks import SPARE
from simulate.staff import Staff
from simulate.word_lists import Array, Table, items, words

UNUSED = 8  # lists that no inspection cites
YEARS = 3


def checklist_codes(department: str, staff: Staff, body: Array, item_code: Array) -> Array:
    """The body's code, its level, the item's code and a running number (domain.md §2.7)."""
    codes = np.array([body.code for body in staff.bodies], dtype=object)
    listed: Array = codes[body] + office_of(department).level + item_code + "001"
    return listed


def make_checklists(
    checks: Table, department: str, staff: Staff, item_codes: Array, period: Period, rng: np.random.Generator
) -> Table:
    """One list for each body and item under which it inspects, and a few more of these bodies that are spare."""
    pairs = checks["body"] * len(items()) + checks["item"]
    used, first = np.unique(pairs, return_index=True)
    own = np.array([n for n, item in enumerate(items()) if item.department == department])
    others = np.unique(used // len(items()))[:, None] * len(items()) + own[None, :]
    unused = np.setdiff1d(others.ravel(), used)[:UNUSED]
    first_of_body = {body: row for row, body in reversed([*enumerate(checks["body"].tolist())])}
    body, item = np.divmod(np.concatenate([used, unused]), len(items()))
    firm = checks["firm"][
        np.concatenate([first, [first_of_body[b] for b in (unused // len(items())).tolist()]]).astype(int)
    ]
    return {
        "firm": firm,
        "body": body,
        "item": item,
        "check_icode": checklist_codes(department, staff, body, item_codes[item]),
        "effective_date": period.first - rng.integers(1, YEARS * 365, len(body)).astype("timedelta64[D]"),
        SPARE: np.arange(len(body)) >= len(used),
    }


def check_items(checklists: Table, rng: np.random.Generator) -> Table:
    """What each checklist asks to check: four to seven things; nothing of lists that no inspection cites."""
    used = np.flatnonzero(~checklists[SPARE])
    counts = rng.integers(4, 8, len(used))
    which = np.repeat(used, counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    names = words("check_item")[(which + number) % len(words("check_item"))]
    return {
        **{name: checklists[name][which] for name in ("firm", "body", "item", "check_icode", "effective_date")},
        "check_item_no": number.astype(str).astype(object),
        "check_item_name": names,
        "check_content": "检查" + names,
        "check_method": rng.choice(np.array(["现场查看", "查阅资料", "询问核实"], dtype=object), len(which)),
        "is_key_item": np.where(number == 1, "1", "0").astype(object),
    }
