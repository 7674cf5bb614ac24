"""Contracts, models and macros of base tables flow in; the tables that were built from others flow out, to be rebuilt.

What a base table holds follows from what is declared of it. The shapes that the newest builds had are kept in a file: a
cache, without which every table that holds rows is built once more.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from schemas.contract import TableContract, fed_tables
from spark_jobs.lake.declared import PROJECT, declared
from spark_jobs.lake.home import Home
from spark_jobs.lake.whole import write_whole

Shape = dict[str, str]
# Beside the tables: what was declared when none of them was outdated.
DECLARED = "declared"


@dataclass(frozen=True)
class Shapes:
    """The shape of every base table, by name: a fingerprint of the table's own, and one of each feed into it."""

    path: Path

    @classmethod
    def of(cls, home: Home) -> Shapes:
        """Those of a home."""
        return cls(home.state / "base_shapes.json")

    def outdated(self) -> list[str]:
        """The base tables that were built from another declaration; a feed that came since changes nothing of them."""
        kept = self._kept()
        if kept.get(DECLARED) == {"": declared()}:
            return []
        return [
            contract.table
            for contract in fed_tables().values()
            if not _holds(_shapes(declared())[contract.table], kept.get(contract.table, {}))
        ]

    def keep(self, names: list[str]) -> None:
        """Says that these tables are built from today's declarations."""
        today = _shapes(declared())
        kept = self._kept()
        shapes = {**kept, **{name: today[name] for name in names}}
        if all(_holds(shape, shapes[name]) for name, shape in today.items() if name in kept):
            shapes[DECLARED] = {"": declared()}
        write_whole(self.path, json.dumps(shapes))

    def _kept(self) -> dict[str, Shape]:
        with suppress(OSError, ValueError):
            kept: dict[str, Shape] = json.loads(self.path.read_bytes())
            return kept
        return {}


def _holds(shape: Shape, kept: Shape) -> bool:
    """Whether everything that a table was built from is still declared so."""
    return bool(kept) and all(shape.get(part) == fingerprint for part, fingerprint in kept.items())


@lru_cache(4)
def _shapes(_declared: str) -> dict[str, Shape]:
    """Of every table that feeds flow into, its shape, as follows from all that is declared."""
    return {contract.table: shape_of(contract) for contract in fed_tables().values()}


def shape_of(contract: TableContract) -> Shape:
    """The fingerprints of what a base table is built from."""
    from dbt_project.render import base_facts, written_model

    facts = base_facts(contract)
    sources = {source["feed"]: _fingerprint(source) for source in facts.pop("sources")}
    model = written_model(contract)
    return {"": _fingerprint([facts, model.read_text("utf-8") if model else "", _macros()]), **sources}


@cache
def _macros() -> str:
    folders = [PROJECT / "macros" / name for name in ("merge", "statements", "roll_up")]
    return "".join(path.read_text("utf-8") for folder in folders for path in sorted(folder.glob("*.sql")))


def _fingerprint(declared: object) -> str:
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()[:16]
