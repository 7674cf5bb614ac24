"""Contracts flow in; sentences that they break flow out, as `file: key: why`."""

from __future__ import annotations

from schemas.contract import ContractError, contracts, departments, shown
from schemas.contract.lint import columns, feeds, tables
from schemas.contract.lint.rules import RULES

__all__ = ["RULES", "columns", "feeds", "lint", "tables"]


def lint() -> list[str]:
    """Everything that is wrong with the contracts; empty if nothing is."""
    try:
        contracts_read = contracts()
        departments()
    except ContractError as error:
        return [str(error)]
    columns.contracts_with.cache_clear()
    tables.tables_with_measure.cache_clear()
    return [
        f"{shown(contract.file)}: {broken}"
        for contract in contracts_read.values()
        for check in RULES
        for broken in check(contract)
    ]
