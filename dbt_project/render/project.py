"""Contracts flow in; the YAML and the macro of claims that dbt eats flow out, below `_rendered/` folders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from schemas.characters import NARROW, WIDE
from schemas.contract import Column, Contract, contracts, feeds, tables

PROJECT = Path(__file__).parent.parent
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LAYERS = ("base", "themes", "gold")
OBJECT = "base.supervised_object"
# Of base.supervised_object, these are worked out from the identity and the claims, not claimed by a feed.
DERIVED = {"object_id", "registration_region_code", "registration_city_code", "city_code", "sources", "flags", "claims"}
DERIVED |= {"withdrawn_at", "_stated_by", "_withdrawn_by"}
# The standard act shape (domain.md §1.3) names the object in its own words.
SPOKEN = {"object_name": ("supervised_object", "administrative_cp")}
# The tables that spark_jobs/lake/codes.py writes.
CODES = ("code", "spelling", "region", "industry", "department", "working_day")


def render() -> list[Path]:
    """Writes what has changed and returns it; unchanged files keep their time, so dbt need not parse them again."""
    wanted = {
        PROJECT / "models" / "_rendered" / "sources.yml": _yaml({"version": 2, "sources": list(_sources())}),
        PROJECT / "models" / "_rendered" / "models.yml": _yaml({"version": 2, "models": list(_models())}),
        PROJECT / "macros" / "_rendered" / "object_claims.sql": _object_claims(),
        PROJECT / "macros" / "_rendered" / "feed_facts.sql": _feed_facts(),
        PROJECT / "macros" / "_rendered" / "characters.sql": _characters(),
    }
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in changed:
        _write(path, wanted[path])
    return changed


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def _yaml(content: dict[str, Any]) -> str:
    text: str = yaml.dump(content, Dumper=DUMPER, allow_unicode=True, sort_keys=False, width=140)
    return text


def _has_model(contract: Contract) -> bool:
    """A table of base, themes or gold without a model of its name is written by a job, and a source to dbt."""
    return any((PROJECT / "models" / contract.layer).rglob(f"{contract.table}.sql"))


def _built() -> Iterator[Contract]:
    for layer in LAYERS:
        yield from tables(layer).values()


def _sources() -> Iterator[dict[str, Any]]:
    yield _source("silver", {name: _described(contract) for name, contract in feeds().items()})
    yield _source("quarantine", {name: {} for name in feeds()})
    yield _source("ops", {contract.table: _described(contract) for contract in tables("ops").values()})
    yield _source("codes", {name: {} for name in CODES})
    for layer in LAYERS:
        written = [contract for contract in tables(layer).values() if not _has_model(contract)]
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


def _models() -> Iterator[dict[str, Any]]:
    for contract in filter(_has_model, _built()):
        described = _described(contract)
        for entry, column in zip(described["columns"], contract.columns, strict=True):
            entry["data_type"] = column.spark_type
        key = list(contract.key)
        config = {"unique_key": key} if contract.layer == "base" else {}
        yield {
            "name": contract.table,
            **described,
            "config": {**config, "meta": {"contract": contract.name}},
            "data_tests": [{"key_holds": {"arguments": {"columns": key}}}],
        }


def _object_claims() -> str:
    """Every feed that speaks of supervised objects, with the columns it claims and how high each claim ranks."""
    claims = [_claims(contract) for contract in feeds().values() if "supervised_object" in contract.feeds]
    columns = {column.name: column.spark_type for column in claimable()}
    return _returning("object_claims", {"columns": columns, "feeds": claims})


def _feed_facts() -> str:
    """How each feed is delivered, and what its key is."""
    facts = {name: {"mode": feed.delivery.mode, "key": feed.key} for name, feed in feeds().items() if feed.delivery}
    return _returning("feed_facts", facts)


def _characters() -> str:
    """Full-width characters and the half-width ones that mean the same, as SQL."""
    texts = {"wide": WIDE, "narrow": NARROW}
    escaped = {name: text.replace("\\", "\\\\").replace("'", "\\'") for name, text in texts.items()}
    return _returning("characters", {name: f"'{text}'" for name, text in escaped.items()})


def _returning(macro: str, value: dict[str, Any]) -> str:
    """A macro that hands a model what the contracts say."""
    return (
        f"{{% macro {macro}() %}}{{{{ return({json.dumps(value, ensure_ascii=False, indent=2)}) }}}}{{% endmacro %}}\n"
    )


def claimable() -> list[Column]:
    """The columns of base.supervised_object that feeds claim."""
    return [column for column in contracts()[OBJECT].columns if column.name not in DERIVED]


def _claims(feed: Contract) -> dict[str, Any]:
    delivered = {column.name for column in feed.columns}
    authorities = {name for column in claimable() for name in column.authority or ()}
    return {
        "feed": feed.name,
        "has_uscc": "uscc" in delivered,
        "is_registry": feed.department in authorities,
        "columns": {
            column.name: {"value": value, "rank": _rank(feed, column)}
            for column in claimable()
            if (value := _spoken(column.name, delivered))
        },
    }


def _spoken(name: str, delivered: set[str]) -> str | None:
    """The expression by which a feed states a column, or None if it says nothing of it."""
    if name in delivered:
        return name
    words = [word for word in SPOKEN.get(name, ()) if word in delivered]
    return f"coalesce({', '.join(words)})" if words else None


def _rank(feed: Contract, column: Column) -> str:
    """2: the authority's own feed; 1: the authority in a standard feed; 0: anyone else."""
    if not column.authority:
        return "'0'"
    if feed.department:
        return "'2'" if feed.department in column.authority else "'0'"
    listed = ", ".join(f"'{name}'" for name in column.authority)
    return f"case when _department in ({listed}) then '1' else '0' end"


if __name__ == "__main__":
    for written in render():
        print(written.relative_to(PROJECT), file=sys.stderr)
