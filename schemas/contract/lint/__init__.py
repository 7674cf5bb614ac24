"""Contracts and risk models flow in; sentences that they break flow out, as `file: key: why`."""

from __future__ import annotations

from schemas.contract import ContractError, contracts, departments, indicators, shown
from schemas.contract.lint import columns, feeds, tables
from schemas.contract.lint.figures import broken_indicators
from schemas.contract.lint.risk import broken_models
from schemas.contract.lint.rules import RULES

__all__ = ["RULES", "broken_models", "columns", "feeds", "lint", "tables"]


def lint() -> list[str]:
    """Everything that is wrong with contracts and risk models; empty if nothing is."""
    try:
        contracts_read = contracts()
        departments()
        indicators()
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
    # Indicators and risk models are looked up in contracts that hold.
    return broken or [*broken_indicators(), *broken_models()]
