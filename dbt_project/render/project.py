"""Contracts flow in; the models, YAML and macros that dbt eats flow out, below `_rendered/` folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from dbt_project.render.base import base_models, day_in_china
from dbt_project.render.clues import clue_models
from dbt_project.render.indicators import gold_models
from dbt_project.render.sql import from_json, literal
from dbt_project.render.unit_tests import unit_tests, with_all_inputs
from dbt_project.render.views import view_models
from schemas.characters import NARROW, WIDE
from schemas.contract import Column, Contract, TableContract, fed_tables, feeds, lists_with_facts, province, tables

PROJECT = Path(__file__).parent.parent
RENDERED = PROJECT / "models" / "_rendered"
# Not among the models, where dbt would read them as they are written.
WRITTEN_UNIT_TESTS = PROJECT / "unit_tests"
RENDERED_MACROS = PROJECT / "macros" / "_rendered"
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LAYERS = ("base", "themes", "gold")
# A macro's name and text; what may be a call of one.
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)(.*?){%-?\s*endmacro", re.DOTALL)
CALL = re.compile(r"\b(\w+)\(")
# How a field's own table is merged, as dbt_project.yml says it of all of base.
MERGED = {"materialized": "incremental", "incremental_strategy": "merge", "on_schema_change": "fail"}
# The tables that spark_jobs/lake/codes.py writes.
CODES = ("code", "region", "industry", "department", "working_day")


def render() -> list[Path]:
    """Writes what has changed and returns it; unchanged files keep their time, so dbt need not parse them again."""
    models = _models_sql(*LAYERS)
    written = {contract.table for contract in _built() if written_model(contract)}
    modelled = {path.stem for path in models} | written
    tests = [*_unit_tests(modelled - written), *_written_unit_tests(modelled)]
    wanted = {
        **models,
        RENDERED / "sources.yml": _yaml({"version": 2, "sources": list(_sources(modelled))}),
        RENDERED / "models.yml": _yaml({"version": 2, "models": list(_models(modelled))}),
        RENDERED / "unit_tests.yml": _yaml({"version": 2, "unit_tests": tests}),
        RENDERED_MACROS / "feed_facts.sql": _feed_facts(),
        RENDERED_MACROS / "characters.sql": _characters(),
        RENDERED_MACROS / "valid_facts.sql": _valid_facts(),
        RENDERED_MACROS / "day_in_china.sql": _day_in_china(),
        RENDERED_MACROS / "province.sql": _returning("province", province().code),
    }
    for stale in {*RENDERED.rglob("*.*"), *RENDERED_MACROS.glob("*")} - {*wanted}:
        stale.unlink()
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in changed:
        _write(path, wanted[path])
    return changed


def models_of(layer: str) -> dict[str, str]:
    """The SQL of every model of a layer, written or rendered, by table."""
    rendered = {path.stem: text for path, text in _models_sql(layer).items()}
    declared = {contract.table for contract in tables(layer).values()}
    written = {path.stem: path.read_text("utf-8") for path in _written(layer) if path.stem in declared}
    return rendered | written


def _written(layer: str) -> list[Path]:
    """The models of a layer that somebody wrote."""
    return sorted((PROJECT / "models" / layer).rglob("*.sql"))


def shared_macros() -> str:
    """The SQL that models of themes and gold share; a change of it changes all of them."""
    macros = [
        path for path in (PROJECT / "macros").rglob("*.sql") if not {"_rendered", "merge", "roll_up"} & {*path.parts}
    ]
    return "".join(path.read_text("utf-8") for path in sorted(macros))


def with_macros(models: Mapping[str, str]) -> dict[str, str]:
    """Models' texts by name, each with that of every macro that it calls, by way of others too: what they read, it
    reads."""
    bodies = dict(MACRO.findall(shared_macros()))
    return {name: "".join([text, *(bodies[macro] for macro in _called(text, bodies))]) for name, text in models.items()}


def _called(text: str, bodies: Mapping[str, str]) -> list[str]:
    called: set[str] = set()
    waiting = [text]
    while waiting:
        new = {*CALL.findall(waiting.pop())} & bodies.keys() - called
        called |= new
        waiting += (bodies[name] for name in new)
    return sorted(called)


def _models_sql(*layers: str) -> dict[Path, str]:
    """The rendered models of these layers, by the file that they stand in."""
    written = {contract.table for layer in layers for contract in tables(layer).values() if written_model(contract)}
    merged = [(layer, name, text) for layer, name, text in base_models() if layer in layers]
    followed = {"themes": [view_models], "gold": [gold_models, clue_models]}
    views = [(layer, *model) for layer in layers for models in followed.get(layer, []) for model in models()]
    return {RENDERED / layer / f"{name}.sql": text for layer, name, text in [*merged, *views] if name not in written}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def _yaml(content: dict[str, Any]) -> str:
    text: str = yaml.dump(content, Dumper=DUMPER, allow_unicode=True, sort_keys=False, width=140)
    return text


def written_model(contract: Contract) -> Path | None:
    """The table's model if somebody wrote it: it wins over the rendered one."""
    return next((PROJECT / "models" / contract.layer).rglob(f"{contract.table}.sql"), None)


def _built() -> Iterator[TableContract]:
    for layer in LAYERS:
        yield from tables(layer).values()


def _sources(modelled: set[str]) -> Iterator[dict[str, Any]]:
    """What dbt reads; a table of base, themes or gold without a model is written by a job, and a source too."""
    yield _source("silver", {name: _described(contract) for name, contract in feeds().items()})
    yield _source("quarantine", {name: {} for name in feeds()})
    yield _source("ops", {contract.table: _described(contract) for contract in tables("ops").values()})
    yield _source("codes", {name: {} for name in (*CODES, *lists_with_facts())})
    for layer in LAYERS:
        written = [contract for contract in tables(layer).values() if contract.table not in modelled]
        if written:
            yield _source(layer, {contract.table: _described(contract) for contract in written})


def _source(layer: str, described: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"name": layer, "schema": layer, "tables": [{"name": name, **rest} for name, rest in described.items()]}


def _described(contract: Contract) -> dict[str, Any]:
    return {
        "description": f"{contract.title}。{contract.doc}",
        "columns": [{"name": column.name, "description": _words(column)} for column in contract.columns],
    }


def _words(column: Column) -> str:
    return " ".join(part for part in (column.label, column.doc) if part)


def _models(modelled: set[str]) -> Iterator[dict[str, Any]]:
    for contract in (contract for contract in _built() if contract.table in modelled):
        described = _described(contract)
        for entry, column in zip(described["columns"], contract.columns, strict=True):
            entry["data_type"] = column.spark_type
        config: dict[str, Any] = {"unique_key": [*contract.key]} if contract.merge else {}
        if contract.is_fed and contract.layer != "base":
            config |= MERGED
        if contract.partition:
            config |= {"partition_by": [contract.partition]}
        yield {"name": contract.table, **described, "config": {**config, "meta": {"contract": contract.name}}}
    # Contracts that stand in the place of ours need not declare every table that somebody wrote a model for.
    declared = {contract.table for contract in _built()}
    for name in sorted({path.stem for layer in LAYERS for path in _written(layer)} - declared):
        yield {"name": name, "config": {"enabled": False, "contract": {"enforced": False}}}


def _unit_tests(rendered: set[str]) -> Iterator[dict[str, Any]]:
    """The unit tests of every base table whose model is rendered."""
    for contract in fed_tables().values():
        if contract.table in rendered:
            yield from unit_tests(contract)


def _written_unit_tests(modelled: set[str]) -> Iterator[dict[str, Any]]:
    """The unit tests of dbt_project/unit_tests; a feed of which a test says nothing gives its model no rows."""
    for path in sorted(WRITTEN_UNIT_TESTS.glob("*.yml")):
        for test in yaml.safe_load(path.read_text("utf-8"))["unit_tests"]:
            if test["model"] in modelled:
                yield with_all_inputs(fed_tables()[test["model"]], test)


def _feed_facts() -> str:
    """How each feed is delivered, and what its key is."""
    facts = {name: {"mode": feed.delivery.mode, "key": feed.key} for name, feed in feeds().items()}
    return _returning("feed_facts", facts)


def _valid_facts() -> str:
    """From when to when the rows of base tables hold, where they say so."""
    dated = {contract.table: contract.valid for contract in fed_tables().values() if contract.valid}
    return _returning("valid_facts", {name: valid.model_dump(by_alias=True) for name, valid in dated.items()})


def _day_in_china() -> str:
    """The expression that contracts and jobs use too."""
    return f"{{% macro day_in_china(moment) %}}{day_in_china('{{ moment }}')}{{% endmacro %}}\n"


def _characters() -> str:
    """Full-width characters and the half-width ones that mean the same, as SQL."""
    texts = {"wide": WIDE, "narrow": NARROW}
    return _returning("characters", {name: literal(text) for name, text in texts.items()})


def _returning(macro: str, value: dict[str, Any] | str) -> str:
    """A macro that hands a model what the contracts say."""
    return f"{{% macro {macro}() %}}{{{{ return({from_json(value)}) }}}}{{% endmacro %}}\n"
