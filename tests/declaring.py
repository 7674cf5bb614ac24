"""Contracts that change while a lake stands, for tests."""

from __future__ import annotations

from pathlib import Path

from schemas.contract import clue_rules, code_list, code_lists, contracts, departments, fields, indicators, terms
from schemas.contract.risk import risk_models
from spark_jobs.building import dbt
from spark_jobs.lake import declared

# Six feeds instead of a hundred, in the place of the repository's contracts: small lakes for what needs no others.
CONTRACTS, FROZEN = "LAKEWARDEN_CONTRACTS", Path(__file__).parents[1] / "bench" / "contracts"


def declare(root: Path, texts: dict[str, str | None]) -> None:
    """Writes contracts as a later version of the repository would have them, and forgets those that were read.

    None: there is no such contract any more.
    """
    for name, text in texts.items():
        path = root / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8") if text is not None else path.unlink()
    forget()


def forget() -> None:
    """Forgets what was read of contracts."""
    declared._fingerprint.cache_clear()
    for read in (contracts, departments, fields, terms, indicators, risk_models, clue_rules, code_list, code_lists):
        read.cache_clear()
    dbt._manifests.clear()
