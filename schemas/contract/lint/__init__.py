"""Contracts and risk models flow in; sentences that they break flow out, as `file: key: why`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.contract import Contract, ContractError, contracts, departments, indicators, shown
from schemas.contract.lint import columns, feeds, tables
from schemas.contract.lint.clues import broken_clue_rules
from schemas.contract.lint.fields import broken_fields
from schemas.contract.lint.figures import broken_indicators
from schemas.contract.lint.risk import broken_drafts, broken_models, broken_studies
from schemas.contract.lint.rules import RULES, Rule

__all__ = ["RULES", "broken_models", "columns", "feeds", "lint", "tables"]


def lint() -> list[str]:
    """Everything that is wrong with contracts, fields, indicators, risk models and clue rules; empty if nothing is."""
    try:
        contracts_read = contracts()
        departments()
        indicators()
    except ContractError as error:
        return [str(error)]
    columns.contracts_by_column.cache_clear()
    tables.tables_with_measure.cache_clear()
    written = [contract for contract in contracts_read.values() if not contract.is_derived]
    derived = [contract for contract in contracts_read.values() if contract.is_derived]
    # A cause hides what follows from it: feeds take columns from base tables, the rest is looked up in what holds.
    return (
        [*_broken(written, [feeds.targets_have_contracts])]
        or [*_broken(written, RULES), *broken_fields()]
        or [*_broken(derived, RULES)]
        or [*broken_indicators(), *broken_models(), *broken_drafts(), *broken_studies(), *broken_clue_rules()]
    )


def _broken(some: Iterable[Contract], rules: Iterable[Rule]) -> Iterator[str]:
    """The sentences that contracts break."""
    for contract in some:
        yield from (f"{shown(contract.file)}: {sentence}" for check in rules for sentence in check(contract))
