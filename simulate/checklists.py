"""Inspections flow in; the checklists that bodies made for the items they inspect under flow out."""

from __future__ import annotations

import numpy as np

from simulate.departments import office_of
from simulate.firms import Period
from simulate.marks import SPARE
from simulate.staff import Staff
from simulate.word_lists import Array, Table, items

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
