"""What every contract must hold to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from schemas.contract import Contract, FeedContract, code_list, code_lists, contracts, departments, measures, terms
from schemas.contract.feeding import feeds_into
from schemas.contract.lint.rules import rule

TYPES = "string, integer, double, decimal(p,s), boolean, date, timestamp, list"
TYPE = re.compile(r"string|integer|double|decimal\(\d+,\d+\)|boolean|date|timestamp|list|(array|map|struct)<.+>")


@rule(Contract)
def names_are_snake_case(contract: Contract) -> Iterator[str]:
    """Table and column names are lower-case words joined by underscores."""
    for name in (contract.table, *(column.name for column in contract.columns)):
        if not re.fullmatch(r"_?[a-z][a-z0-9_]*", name):
            yield f"columns: {name} is not snake_case"


@rule(Contract)
def columns_are_unique(contract: Contract) -> Iterator[str]:
    """A column stands once in a table."""
    names = [column.name for column in contract.columns]
    yield from (f"columns: {name} stands twice" for name in sorted({n for n in names if names.count(n) > 1}))


@rule(Contract)
def columns_are_complete(contract: Contract) -> Iterator[str]:
    """Every column has a type and a Chinese label, its own or its term's."""
    for column in contract.columns:
        if not column.type:
            yield f"columns.{column.name}: has no type, and schemas/terms has no such term"
        elif not TYPE.fullmatch(column.type):
            yield f"columns.{column.name}.type: there is no {column.type}; there are {TYPES}"
        if not column.label or not re.search("[\u4e00-\u9fff]", column.label):
            yield f"columns.{column.name}: has no Chinese label"


@rule(Contract)
def key_columns_are_required(contract: Contract) -> Iterator[str]:
    """A feed requires its key."""
    for name in contract.key if isinstance(contract, FeedContract) else ():
        if not contract.column(name).required:
            yield f"columns.{name}: is in the key but not required"


@rule(Contract)
def code_lists_exist(contract: Contract) -> Iterator[str]:
    """Every code list that a column names is there."""
    for column in contract.columns:
        if column.codes and column.codes not in code_lists():
            yield f"columns.{column.name}.codes: there is no codes/{column.codes}.csv"


@rule(Contract)
def referred_columns_exist(contract: Contract) -> Iterator[str]:
    """Columns that a rule refers to are there, dates where dates are compared."""
    names = {column.name: column for column in contract.columns}
    for column in contract.columns:
        other = names.get(column.not_before) if column.not_before else None
        if column.not_before and (other is None or other.type not in ("date", "timestamp")):
            yield f"columns.{column.name}.not_before: {column.not_before} is not a date column"
        if column.required_with and column.required_with not in names:
            yield f"columns.{column.name}.required_with: {column.required_with} is not a column"
        if column.check_when and not getattr(names.get(column.check_when.column), "codes", None):
            yield f"columns.{column.name}.check_when: {column.check_when.column} is not a coded column"
        if column.fits and column.fits.column not in names:
            yield f"columns.{column.name}.fits: {column.fits.column} is not a column"


@rule(Contract)
def codes_that_fit_are_codes(contract: Contract) -> Iterator[str]:
    """What a column may hold beside another one are codes of its list, and where that one is coded, of that one's."""
    for column in contract.columns:
        other = next((other for other in contract.columns if column.fits and other.name == column.fits.column), None)
        if column.fits is None or other is None:
            continue
        wanted = [(column, code) for codes in column.fits.allowed.values() for code in codes]
        wanted += [(other, code) for code in column.fits.is_] if other.codes else []
        for holding, code in wanted:
            if holding.codes not in code_lists() or code not in {one.code for one in code_list(holding.codes)}:
                yield f"columns.{column.name}.fits: {code} is not a code of {holding.codes}"


@rule(Contract)
def only_dates_are_written(contract: Contract) -> Iterator[str]:
    """How a sender writes a day is said of dates, with day, month and year."""
    for column in contract.columns:
        for pattern in column.written:
            if (
                column.type != "date"
                or not re.search("%d.*%[bm]|%[bm].*%d", pattern)
                or not re.search("%[yY]", pattern)
            ):
                yield f"columns.{column.name}.written: {pattern} is not how a date is written"


@rule(Contract)
def authorities_are_departments(contract: Contract) -> Iterator[str]:
    """Who has the last word about a column is a department."""
    for column in contract.columns:
        for department in column.authority or ():
            if department not in departments():
                yield f"columns.{column.name}.authority: {department} is not in departments.yaml"


@rule(Contract)
def gold_is_never_personal(contract: Contract) -> Iterator[str]:
    """No column of gold is personal."""
    if contract.layer == "gold":
        for column in contract.columns:
            if column.is_personal:
                yield f"columns.{column.name}: is personal and cannot be in gold"


@rule(Contract)
def terms_are_not_repeated(contract: Contract) -> Iterator[str]:
    """A column that has a term leaves the term's type and code list to it."""
    for column in contract.columns:
        term = terms().get(column.name, {})
        for key in ("type", "codes"):
            if term.get(key) and getattr(column, key) != term[key]:
                yield f"columns.{column.name}.{key}: is {getattr(column, key)}, but the term says {term[key]}"


@rule(Contract)
def shared_columns_are_terms(contract: Contract) -> Iterator[str]:
    """A column that stands in two contracts is a term: one label, one code list, one sensitivity.

    A base table is the term of its columns for the feeds that flow into it, a measure that of its figures. The ledger's
    tables (ops) share columns with each other, not with what is delivered.
    """
    if contract.is_derived:
        return
    family = _family(contract)
    is_ledger = contract.layer == "ops"
    own = {column.name for column in contract.columns} - {*terms(), *measures()}
    for column in (column for column in contract.columns if column.name in own):
        others = [other for other in contracts_by_column()[column.name, is_ledger] if other not in family]
        if others:
            yield f"columns.{column.name}: stands in {others[0]} too: make it a term in schemas/terms"


def _family(contract: Contract) -> set[str]:
    """The contract, and the base tables that it flows into with all their feeds; of a base table its feeds."""
    targets = contract.into if isinstance(contract, FeedContract) else (contract.table,)
    feeding = {feed.name for target in targets for feed in feeds_into(target, contracts())}
    return {contract.name, *feeding, *(f"{layer}.{target}" for target in targets for layer in ("base", "themes"))}


@cache
def contracts_by_column() -> dict[tuple[str, bool], list[str]]:
    """The contracts that have a column of a name, the ledger's (true) apart from all others."""
    found: dict[tuple[str, bool], list[str]] = {}
    for contract in contracts().values():
        for column in () if contract.is_derived else contract.columns:
            found.setdefault((column.name, contract.layer == "ops"), []).append(contract.name)
    return found
