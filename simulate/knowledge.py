"""Items and laws flow in; versions of items, and the texts of the laws that items cite, flow out.

Every fourth item was changed when the law on penalties was (2021-07-15); one of a department is suspended in the middle
of the period, and inspections go on under it. laws.csv has what items.csv cites (statutes have no copyright in China).
"""

from __future__ import annotations

import numpy as np

from schemas.contract import Strict
from simulate.firms import Period
from simulate.marks import SPARE
from simulate.word_lists import Array, Table, read_rows, texts

FIRST_DAY, CHANGED_DAY = np.datetime64("2019-12-01"), np.datetime64("2021-07-15")
CHANGED_EVERY, SUSPENDED = 4, 1
INSPECTION = "1"


class Limit(Strict):
    """A limit of a field as a law set it from a day on; how long and how much are (ours) where the law names none."""

    limit_code: str
    field: str
    limit_name: str
    limited_indicator: str
    limit_operator: str
    bound_value: str
    limit_unit: str
    limit_scope: str
    legal_basis: str
    effective_date: str
    expired_date: str


class Article(Strict):
    """One article of a text of a law."""

    law_name: str
    law_category: str
    version_date: str
    effective_date: str
    article_no: str
    article_order: str
    chapter: str
    article_text: str


def with_versions(listed: Table) -> Table:
    """A catalogue's items with the version that each has, and since when."""
    changed = _changed(listed)
    return {
        **listed,
        "item_version": np.where(changed, "2", "1").astype(object),
        "effective_date": np.where(changed, CHANGED_DAY, FIRST_DAY),
    }


def item_changes(listed: Table, period: Period) -> Table:
    """The versions that a catalogue does not list: those of before, and one that begins in the middle of the period."""
    before = np.flatnonzero(_changed(listed))
    checks = np.flatnonzero((listed["measure"] == INSPECTION) & ~listed[SPARE])
    suspended = checks[SUSPENDED : SUSPENDED + 1]
    which = np.concatenate([before, suspended])
    is_past = np.repeat([True, False], [len(before), len(suspended)])
    rows = {name: column[which] for name, column in listed.items() if name in CARRIED}
    return {
        **rows,
        "item_version": np.where(is_past, "1", "3").astype(object),
        "item_change": np.where(is_past, "1", "4").astype(object),
        "item_status": np.where(is_past, "01", "03").astype(object),
        "effective_date": np.where(is_past, FIRST_DAY, period.first + period.days // 2),
        SPARE: np.zeros(len(which), bool),
    }


CARRIED = ("item_code", "item_name", "sub_item_name", "supervision_department", "measure", "legal_basis", "item_level")


def _changed(listed: Table) -> Array:
    changed: Array = (np.arange(len(listed["item_code"])) % CHANGED_EVERY == 0) & ~listed[SPARE]
    return changed


def law_articles() -> Table:
    """The articles that items cite, and the first of each law."""
    articles = read_rows("laws.csv", Article)
    names = ("law_name", "article_no", "article_order", "chapter", "article_text")
    return {
        **{name: texts([getattr(one, name) for one in articles]) for name in names},
        "version_date": np.array([one.version_date for one in articles], dtype="datetime64[D]"),
        SPARE: np.zeros(len(articles), bool),
    }


def laws() -> Table:
    """The laws of these articles."""
    first = {one.law_name: one for one in reversed(read_rows("laws.csv", Article))}.values()
    return {
        "law_name": texts([one.law_name for one in first]),
        "law_category": texts([one.law_category for one in first]),
        "version_date": np.array([one.version_date for one in first], dtype="datetime64[D]"),
        "effective_date": np.array([one.effective_date for one in first], dtype="datetime64[D]"),
        "law_status": texts(["1"] * len(first)),
        SPARE: np.zeros(len(first), bool),
    }


def theme_limits(department: str, fields: dict[str, tuple[str, ...]]) -> Table:
    """The limits of the fields that a department works in; none of them is spoiled."""
    limits = [one for one in read_rows("theme_limits.csv", Limit) if department in fields.get(one.field, ())]
    names = ("limit_code", "field", "limit_name", "limited_indicator", "limit_operator", "limit_unit", "limit_scope")
    days = ("effective_date", "expired_date")
    return {
        **{name: texts([getattr(one, name) for one in limits]) for name in (*names, "legal_basis")},
        **{name: np.array([getattr(one, name) or "NaT" for one in limits], dtype="datetime64[D]") for name in days},
        "bound_value": np.array([float(one.bound_value) for one in limits]),
        SPARE: np.zeros(len(limits), bool),
    }
