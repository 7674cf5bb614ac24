"""What each table of themes and gold is built from flows in; those that are out of date flow out.

A table is out of date when its model says something else than it did, when a table that it reads has another version,
or, if it depends on the day, when the day is another. What the newest builds read is kept in one file a layer: a cache,
without which the layer is built once more.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from schemas.contract import code_lists, fed_tables, tables
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home
from spark_jobs.lake.kept import Kept
from spark_jobs.lake.tables import has_rows, version
from spark_jobs.lake.whole import write_whole

# The tables that a job writes, not dbt; their inputs stand in their own SQL.
SCORES = ("risk_score", "risk_score_before", "risk_score_shadow")
LAYERS = ("base", "themes", "gold")
# A source, a table that a macro is given by name (ref, standing, limit_on …), a table as SQL names it.
READ = re.compile(r"source\('(\w+)',\s*'(\w+)'\)|\w+\('(\w+)'|\b(base|themes|gold|codes)\.(\w+)")
# A table of which a model asks whether it holds a row (macro has_rows).
ASKED = re.compile(r"has_rows\('(\w+\.\w+)'\)")


@dataclass(frozen=True)
class Built:
    """What a table was built from: a fingerprint of its model, the tables it read, whether it depends on the day.

    `asked`: those tables of which the model leaves out what it would read of them while they are empty.
    """

    model: str
    inputs: tuple[str, ...]
    has_day: bool
    asked: tuple[str, ...] = ()


class Lineage:
    """The tables of one layer, as they are declared and as they were built."""

    def __init__(self, home: Home, layer: str, as_of: date | None = None) -> None:
        self.home, self.layer, self.as_of = home, layer, str(as_of)
        self.path = home.state / f"built_{layer}.json"
        self.kept = self._kept()

    def outdated(self) -> set[str]:
        """The tables to build anew; where nothing is declared otherwise, no model is looked at."""
        if self.kept.get("declared") != declared():
            return self._outdated({name: self._stamp(built) for name, built in self._models.items()})
        stamps: dict[str, dict[str, Any]] = self.kept["tables"]
        return self._outdated(
            {
                name: self._stamp(Built(kept["model"], tuple(kept["inputs"]), "as_of" in kept))
                for name, kept in stamps.items()
            }
        )

    def all_tables(self) -> set[str]:
        """Every table of the layer that has a model, or a job."""
        return {*self._models}

    def buildable(self, names: set[str]) -> set[str]:
        """Those of the tables that read nothing that is not there yet, as before the first delivery, or a field's."""
        waiting = {name for name in names if any(self._is_missing(table) for table in self._models[name].inputs)}
        while more := {name for name in names - waiting if self._own(waiting) & {*self._models[name].inputs}}:
            waiting |= more
        return names - waiting

    def reading(self, names: Collection[str]) -> set[str]:
        """The tables that read any of these (layer.table), or what is made of them."""
        found = {name for name, model in self._models.items() if {*names} & {*model.inputs}}
        while more := {name for name in self._models.keys() - found if self._own(found) & {*self._models[name].inputs}}:
            found |= more
        return found

    def _is_missing(self, table: str) -> bool:
        """Whether a table of another layer has not been built yet."""
        layer, name = table.split(".")
        return (layer != self.layer or name in fed_tables()) and version(self.home.table(layer, name)) is None

    def _own(self, names: set[str]) -> set[str]:
        return {f"{self.layer}.{name}" for name in names}

    def keep(self, built: set[str]) -> None:
        """Says that these tables are built from what they now read."""
        kept = self.kept.get("tables", {})
        stamps = {name: self._stamp(model) for name, model in self._models.items()}
        current = {name: stamps[name] if name in built else kept.get(name) for name in stamps}
        is_whole = all(current[name] == stamp for name, stamp in stamps.items())
        tables_kept = {name: stamp for name, stamp in current.items() if stamp}
        write_whole(self.path, json.dumps({"declared": declared() if is_whole else "", "tables": tables_kept}))

    def inputs(self, names: set[str]) -> set[str]:
        """The tables, as layer.table, that some tables of the layer read."""
        return {table for name in names for table in self._models[name].inputs}

    def rowless(self, names: set[str]) -> set[str]:
        """Those of the tables that hold no row, as nothing does that they read: built anew they would be so again.

        That every model gives nothing from nothing, whatever code lists say, is held by tests/test_views.py.
        """
        holding = cache(lambda table: has_rows(self.home.table(*table.split("."))))
        found = {name for name in names if self._counted(name) and not holding(f"{self.layer}.{name}")}
        while fed := {
            name
            for name in found
            if self._counted(name) & self._own(names - found) or any(map(holding, self._counted(name)))
        }:
            found -= fed
        return found

    def _counted(self, name: str) -> set[str]:
        """What a table reads but for code lists."""
        return {table for table in self._models[name].inputs if not table.startswith("codes.")}

    def asked(self, names: set[str]) -> set[str]:
        """The tables, as layer.table, of which some models ask whether they hold a row."""
        return {table for name in names for table in self._models[name].asked}

    def _stamp(self, built: Built) -> dict[str, Any]:
        versions = {name: version(self.home.table(*name.split("."))) for name in built.inputs}
        return {"model": built.model, "inputs": versions, **({"as_of": self.as_of} if built.has_day else {})}

    def _outdated(self, stamps: dict[str, dict[str, Any]]) -> set[str]:
        """Those whose stamp is another than the kept one, and those of the layer that read from them."""
        kept = self.kept.get("tables", {})
        stale = {
            name
            for name, stamp in stamps.items()
            if kept.get(name) != stamp or version(self.home.table(self.layer, name)) is None
        }
        while more := {
            name for name, stamp in stamps.items() if name not in stale and self._own(stale) & {*stamp["inputs"]}
        }:
            stale |= more
        return stale

    def _kept(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            kept: dict[str, Any] = json.loads(self.path.read_bytes())
            return kept
        return {}

    @property
    def _models(self) -> Mapping[str, Built]:
        """Every table of the layer with what its model reads."""
        return _models(declared(), self.layer, self.as_of)


# A layer is built in two parts, each of which asks, and a process that stays builds every day.
@lru_cache(12)
def _models(_declared: str, layer: str, as_of: str) -> dict[str, Built]:
    """What follows from all that is declared: the models of a layer, and as of a day what the jobs write."""
    built = _rendered(layer)
    if layer == "gold":
        from spark_jobs.building.score import scoring_text

        layer_of = _layer_of()
        scores = [name for name in SCORES if f"gold.{name}" in tables("gold")]
        texts = {name: scoring_text(date.fromisoformat(as_of), f"gold.{name}") for name in scores}
        built |= {name: _built(text, "", layer_of) for name, text in texts.items()}
    return built


def _rendered(layer: str) -> dict[str, Built]:
    """The models of a layer that feeds do not flow into (those are merged with the base tables, building/merging.py).

    They are kept: to render all of gold takes a second.
    """
    kept = Kept(f"{layer}.json")
    if content := kept.read():
        told: dict[str, dict[str, Any]] = json.loads(content)
        return {
            name: Built(one["model"], tuple(one["inputs"]), one["has_day"], tuple(one["asked"]))
            for name, one in told.items()
        }
    from dbt_project.render import models_of, shared_macros, with_macros

    written = {name: text for name, text in models_of(layer).items() if name not in fed_tables()}
    shared, layer_of = shared_macros(), _layer_of()
    built = {name: _built(text, shared, layer_of) for name, text in with_macros(written).items()}
    kept.keep(json.dumps({name: asdict(one) for name, one in built.items()}).encode())
    return built


def _built(text: str, shared: str, layer_of: Mapping[str, str]) -> Built:
    """What a model's text, with that of the macros it calls, says of it; `shared`: what else changes all models."""
    return Built(
        hashlib.sha256((shared + text).encode()).hexdigest()[:16],
        tuple(sorted({_name(read, layer_of) for read in READ.findall(text)} - {""})),
        "as_of" in text,
        tuple(sorted({*ASKED.findall(text)})),
    )


def _layer_of() -> dict[str, str]:
    return {contract.table: contract.layer for layer in LAYERS for contract in tables(layer).values()}


def _name(read: tuple[str, ...], layer_of: Mapping[str, str]) -> str:
    """The table that a piece of SQL names, as layer.table; no text for what is no table of ours."""
    layer, source, ref, sql_layer, sql_table = read
    if ref:
        return f"{layer_of[ref]}.{ref}" if ref in layer_of else ""
    if sql_layer:
        known = layer_of.get(sql_table) == sql_layer or (sql_layer == "codes" and sql_table in ("code", *code_lists()))
        return f"{sql_layer}.{sql_table}" if known else ""
    return f"{layer}.{source}"
