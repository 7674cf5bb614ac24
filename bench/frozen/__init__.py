"""`tables.yaml` flows in; the tables that every contender is held to flow out, whatever Lakewarden's own become."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
# What makes every process of the bench read the frozen contracts.
CONTRACTS = {"LAKEWARDEN_CONTRACTS": str(FOLDER.parent / "contracts")}


@dataclass(frozen=True)
class FrozenTable:
    """One table of a contender; `columns` has the type of each, as Spark names it."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, str]

    @property
    def query(self) -> str:
        """DuckDB's query that yields the table from a Lakewarden home, whose tables are there as `<layer>.<table>`."""
        written = FOLDER / f"{self.name}.sql"
        return written.read_text("utf-8") if written.exists() else f"from {self.name}"


@cache
def frozen_tables() -> dict[str, FrozenTable]:
    """All of them by name."""
    read = yaml.safe_load((FOLDER / "tables.yaml").read_text("utf-8"))
    return {name: FrozenTable(name, tuple(said["key"]), said["columns"]) for name, said in read.items()}
