"""Contracts flow in; sentences that they break flow out, as `file: key: why`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from schemas.contract import ENVELOPE, Contract, ContractError, code_lists, contracts, departments, shown, terms

Rule = Callable[[Contract], Iterator[str]]
RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """Registers a rule; its docstring is the sentence it holds contracts to."""
    RULES.append(check)
    return check


@rule
def names_are_snake_case(contract: Contract) -> Iterator[str]:
    """Table and column names are lower-case words joined by underscores."""
    for name in (contract.table, *(column.name for column in contract.columns)):
        if not re.fullmatch(r"_?[a-z][a-z0-9_]*", name):
            yield f"columns: {name} is not snake_case"


@rule
def columns_are_unique(contract: Contract) -> Iterator[str]:
    """A column stands once in a table."""
    names = [column.name for column in contract.columns]
    yield from (f"columns: {name} stands twice" for name in sorted({n for n in names if names.count(n) > 1}))


@rule
def columns_are_complete(contract: Contract) -> Iterator[str]:
    """Every column has a type and a Chinese label, its own or its term's."""
    for column in contract.columns:
        if not column.type:
            yield f"columns.{column.name}: has no type, and schemas/terms has no such term"
        if not column.label or not re.search("[\u4e00-\u9fff]", column.label):
            yield f"columns.{column.name}: has no Chinese label"


@rule
def key_columns_exist(contract: Contract) -> Iterator[str]:
    """Key columns are columns of the table, and a feed requires its key."""
    for name in contract.key:
        column = next((column for column in contract.columns if column.name == name), None)
        if column is None:
            yield f"key: {name} is not a column"
        elif contract.layer == "feed" and not column.required:
            yield f"columns.{name}: is in the key but not required"


@rule
def code_lists_exist(contract: Contract) -> Iterator[str]:
    """Every code list that a column names is there."""
    for column in contract.columns:
        if column.codes and column.codes not in code_lists():
            yield f"columns.{column.name}.codes: there is no codes/{column.codes}.csv"


@rule
def feeds_name_base_tables(contract: Contract) -> Iterator[str]:
    """The base tables that a feed flows into have contracts, and the feed says how it is delivered."""
    if contract.layer != "feed":
        return
    if contract.delivery is None:
        yield "delivery: is missing"
    for target in contract.feeds:
        if f"base.{target}" not in contracts():
            yield f"feeds: base.{target} has no contract"


@rule
def feed_columns_have_headings(contract: Contract) -> Iterator[str]:
    """Every column of a feed says which headings it comes from, and no heading is both kept and ignored."""
    if contract.layer != "feed":
        return
    for column in contract.columns:
        if not column.headings:
            yield f"columns.{column.name}.from: names no heading"
        for heading in column.headings:
            if heading.heading in contract.ignore:
                yield f"ignore: {heading.heading} is read into {column.name}"


@rule
def envelopes_belong_to_changes(contract: Contract) -> Iterator[str]:
    """Only a change feed has rows that come, change and go one by one; a full snapshot says all by what it holds."""
    if contract.layer == "feed" and contract.is_snapshot:
        for column in contract.columns:
            if column.name in ENVELOPE:
                yield f"columns.{column.name}: belongs to mode: change"


@rule
def snapshots_have_plain_keys(contract: Contract) -> Iterator[str]:
    """The key of a full snapshot is text that a quarantined row holds as it was delivered."""
    if contract.layer == "feed" and contract.feeds and contract.is_snapshot:
        for column in contract.columns:
            if column.name in contract.key and (column.codes or column.type != "string"):
                yield f"columns.{column.name}: is in the key of a full snapshot but not plain text"


@rule
def owner_is_a_department(contract: Contract) -> Iterator[str]:
    """The folder of a department's own feed is a department."""
    if contract.department and contract.department not in departments():
        yield f"(folder): {contract.department} is not in departments.yaml"


@rule
def referred_columns_exist(contract: Contract) -> Iterator[str]:
    """Columns that a rule or an expectation refers to are there, dates where dates are compared."""
    names = {column.name: column for column in contract.columns}
    for column in contract.columns:
        if column.not_before and (column.not_before not in names or names[column.not_before].type != "date"):
            yield f"columns.{column.name}.not_before: {column.not_before} is not a date column"
        if column.required_with and column.required_with not in names:
            yield f"columns.{column.name}.required_with: {column.required_with} is not a column"
        if column.check_when and not getattr(names.get(column.check_when.column), "codes", None):
            yield f"columns.{column.name}.check_when: {column.check_when.column} is not a coded column"
    for name in contract.expect.filled:
        if name not in names:
            yield f"expect.filled: {name} is not a column"


@rule
def authorities_are_departments(contract: Contract) -> Iterator[str]:
    """Who has the last word about a column is a department."""
    for column in contract.columns:
        for department in column.authority or ():
            if department not in departments():
                yield f"columns.{column.name}.authority: {department} is not in departments.yaml"


@rule
def gold_is_never_personal(contract: Contract) -> Iterator[str]:
    """No column of gold is personal (design §6.7)."""
    if contract.layer == "gold":
        for column in contract.columns:
            if column.sensitivity == "personal":
                yield f"columns.{column.name}: is personal and cannot be in gold"


@rule
def terms_are_not_repeated(contract: Contract) -> Iterator[str]:
    """A column that has a term leaves the term's type to it."""
    for column in contract.columns:
        term = terms().get(column.name, {})
        if term.get("type") and column.type != term["type"]:
            yield f"columns.{column.name}.type: is {column.type}, but the term says {term['type']}"


def lint() -> list[str]:
    """Everything that is wrong with the contracts; empty if nothing is."""
    try:
        known = contracts()
        departments()
    except ContractError as error:
        return [str(error)]
    return [
        f"{shown(contract.file)}: {broken}"
        for contract in known.values()
        for check in RULES
        for broken in check(contract)
    ]
