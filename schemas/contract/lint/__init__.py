"""Contracts flow in; sentences that they break flow out, as `file: key: why`."""

from __future__ import annotations

from schemas.contract import ContractError, contracts, departments, indicators, shown
from schemas.contract.lint import columns, feeds, tables
from schemas.contract.lint.figures import broken_indicators
from schemas.contract.lint.rules import RULES

__all__ = ["RULES", "columns", "feeds", "lint", "tables"]


def lint() -> list[str]:
    """Everything that is wrong with the contracts; empty if nothing is."""
    try:
        contracts_read = contracts()
        departments()
        indicators()
    except ContractError as error:
        return [str(error)]
    columns.contracts_with.cache_clear()
    tables.tables_with_measure.cache_clear()
    broken = [
        f"{shown(contract.file)}: {broken}"
        for contract in contracts_read.values()
        for check in RULES
        for broken in check(contract)
    ]
    return broken + list(broken_indicators())
