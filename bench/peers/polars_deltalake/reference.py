"""Code lists and the calendar flow in; the lookups that base, themes and gold need flow out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

import polars as pl

from bench.peers.reference import industries, regions, working_days
from schemas.contract import code_list, departments


@cache
def _region(fact: str) -> dict[str, str]:
    return {region["code"]: known for region in regions() if (known := region[fact])}


@cache
def _industry(fact: str) -> dict[str, str]:
    return {industry["code"]: industry[fact] for industry in industries()}


def looked_up(code: pl.Expr, meanings: Mapping[str, str]) -> pl.Expr:
    """What a code stands for; nothing for one that is not listed."""
    return code.replace_strict(list(meanings), list(meanings.values()), default=None, return_dtype=pl.String)


def region_fact(code: pl.Expr, fact: str) -> pl.Expr:
    """A division's `current_code`, `city_code` or `label`."""
    return looked_up(code, _region(fact))


def industry_fact(code: pl.Expr, fact: str) -> pl.Expr:
    """An industry's `section` or `section_label`."""
    return looked_up(code, _industry(fact))


def issuer(object_id: pl.Expr) -> pl.Expr:
    """The division that issued the USCC."""
    return object_id.str.slice(2, 6)


def city_of(region_code: pl.Expr, object_id: pl.Expr) -> pl.Expr:
    """Today's prefecture of the place, and where none is named, of the division that issued the USCC."""
    return pl.coalesce(region_fact(region_code, "city_code"), region_fact(issuer(object_id), "city_code"))


def code_label(code: pl.Expr, name: str) -> pl.Expr:
    """The label of a code in its list."""
    return looked_up(code, {one.code: one.label for one in code_list(name)})


def department_name() -> pl.Expr:
    """The department as people call it."""
    return looked_up(pl.col("department"), {name: entry.label for name, entry in departments().items()})


def calendar(as_of: date) -> pl.LazyFrame:
    """Every day until the end of next year, whether people work on it, and how many working days there were by then."""
    days = pl.LazyFrame(pl.from_arrow(working_days(as_of)))
    return days.select(day="date", is_working="is_working_day", number="working_day_no")
