"""Contracts that change while a lake stands, for tests."""

from __future__ import annotations

from pathlib import Path

from schemas.contract import contracts
from spark_jobs.building import dbt
from spark_jobs.lake import declared


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
    contracts.cache_clear()
    dbt._manifests.clear()
