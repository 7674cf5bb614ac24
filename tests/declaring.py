"""Contracts that change while a lake stands, for tests."""

from __future__ import annotations

import sys
from pathlib import Path

from spark_jobs.building import dbt

# Six feeds instead of a hundred, in the place of the repository's contracts: small lakes for what needs no others.
CONTRACTS, FROZEN = "LAKEWARDEN_CONTRACTS", Path(__file__).parents[1] / "bench" / "contracts"
OURS = {"schemas", "expectations", "spark_jobs", "dbt_project", "dashboards"}


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
    """Forgets what was read of contracts, and what follows from it: every cache of a module of ours."""
    for name, module in [*sys.modules.items()]:
        if name.split(".")[0] in OURS:
            for value in vars(module).values():
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()
    dbt._manifests.clear()
