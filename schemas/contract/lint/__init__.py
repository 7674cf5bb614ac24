"""Contracts and risk models flow in; sentences that they break flow out, as `file: key: why`."""

from __future__ import annotations

from schemas.contract import ContractError, contracts, departments, shown
from schemas.contract.lint import columns, feeds, tables
from schemas.contract.lint.risk import lint_models
from schemas.contract.lint.rules import RULES

__all__ = ["RULES", "columns", "feeds", "lint", "lint_models", "tables"]


def lint() -> list[str]:
    """Everything that is wrong with contracts and risk models; empty if nothing is."""
    try:
        contracts_read = contracts()
        departments()
    except ContractError as error:
        return [str(error)]
    columns.contracts_with.cache_clear()
    tables.tables_with_measure.cache_clear()
    broken = [
        f"{shown(contract.file)}: {sentence}"
        for contract in contracts_read.values()
        for check in RULES
        for sentence in check(contract)
    ]
    # A risk model is looked up in contracts that hold.
    return broken or lint_models()
