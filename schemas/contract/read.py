"""The one strict reader: a contract's file flows in, a frozen Contract flows out, or `file: key: why`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas import folders
from schemas.contract.model import (
    ENVELOPE,
    Column,
    Contract,
    ContractError,
    FeedContract,
    TableContract,
    as_columns,
    as_headings,
)

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file."""
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), LOADER)  # noqa: S506 (a safe loader, the faster one)
    except yaml.YAMLError as error:
        raise ContractError(f"{shown(path)}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(read, dict):
        raise ContractError(f"{shown(path)}: must hold keys and values, not {type(read).__name__}")
    return read


def shown(path: Path) -> str:
    """A path as a reader of the repository knows it."""
    return str(path.relative_to(folders.SCHEMAS.parent)) if path.is_relative_to(folders.SCHEMAS.parent) else str(path)


# What pydantic says of a value of the wrong kind, in words of YAML.
WORDS = {
    "extra_forbidden": "unknown key",
    "missing": "is missing",
    "too_short": "must not be empty",
    "tuple_type": "must be a list: [a, b]",
    "dict_type": "must hold keys and values: {key: value}",
    "model_type": "must hold keys and values: {key: value}",
    "string_type": "must be text; a number needs quotation marks",
}


def refusal(path: Path, error: ValidationError, read: object = None) -> ContractError:
    """The first thing that is wrong with a file, as a sentence; `read` has the names of what stands in lists."""
    first = error.errors()[0]
    key = ".".join(_way(first["loc"], read)) or "(file)"
    why = WORDS.get(first["type"], first["msg"])
    return ContractError(f"{shown(path)}: {key}: {why.removeprefix('Value error, ')}")


def _way(keys: tuple[int | str, ...], read: object) -> Iterator[str]:
    """The keys that lead to a mistake; an item of a list is called by its name instead of its number."""
    for key in keys:
        if isinstance(key, int):
            read = read[key] if isinstance(read, list) else None
            yield str(read.get("name", key) if isinstance(read, dict) else key)
        else:
            read = read.get(key) if isinstance(read, dict) else None
            yield key


@cache
def terms() -> dict[str, dict[str, Any]]:
    """The shared columns of `terms/*.yaml`, by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(file for root in folders.roots() for file in (root / "terms").glob("*.yaml")):
        for name, term in read_yaml(path).items():
            if name in found:
                raise ContractError(f"{shown(path)}: {name}: stands in another file of terms too")
            try:
                Column.model_validate({"name": name, **term})
            except ValidationError as error:
                raise refusal(path, error) from None
            found[name] = term
    return found


def with_term(column: dict[str, Any]) -> dict[str, Any]:
    """A column with what the term of its name says and the column leaves open."""
    term = dict(terms().get(str(column.get("name")), {}))
    merged = {**term, **column}
    if "type" not in merged and "codes" in merged:
        merged["type"] = "string"
    return merged


def _envelope(read: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The envelope's columns for a change feed; a heading that the contract names itself is the contract's own."""
    delivery = read.get("delivery")
    if not isinstance(delivery, dict) or delivery.get("mode") != "change":
        return
    columns = [column for column in read["columns"] if isinstance(column, dict)]
    own = {heading["heading"] for column in columns for heading in as_headings(column.get("from", [])) if heading}
    own |= set(read.get("ignore") or [])
    for name in ENVELOPE:
        headings = [heading for heading in terms()[name]["from"] if heading not in own]
        if name not in {column.get("name") for column in columns}:
            yield {"name": name, "from": headings}


def _place(path: Path) -> dict[str, Any]:
    """Layer, name and owner of a contract, from its path below `schemas/`."""
    root = next(root for root in folders.roots() if path.is_relative_to(root))
    layer, *inner, _ = path.relative_to(root).parts
    name = "_".join([*inner, path.stem])
    if layer == "feeds":
        return {"layer": "feed", "name": name, "department": inner[0] if inner else None, "file": path}
    return {"layer": layer, "name": f"{layer}.{name}", "file": path}


def read_contract(path: Path) -> Contract:
    """The contract of one file; raises ContractError naming file, key and reason."""
    read = read_yaml(path)
    if not isinstance(read.get("columns"), list):
        raise ContractError(f"{shown(path)}: columns: must be a list of columns")
    for key in ("name", "layer", "file", "department"):
        if key in read:
            raise ContractError(f"{shown(path)}: {key}: unknown key")
    if "feeds" in read:
        raise ContractError(f"{shown(path)}: feeds: is called `into` now: the base tables that the rows flow into")
    place = _place(path)
    read["columns"] = as_columns(read["columns"])
    if place["layer"] == "feed":
        read["columns"] = [*read["columns"], *_envelope(read)]
    read["columns"] = [with_term(column) for column in read["columns"]]
    kind = FeedContract if place["layer"] == "feed" else TableContract
    try:
        contract = kind.model_validate({**read, **place})
    except ValidationError as error:
        raise refusal(path, error) from None
    for fault in _nowhere(contract):
        raise ContractError(f"{shown(path)}: {fault}")
    return contract


def _nowhere(contract: Contract) -> Iterator[str]:
    """What names no column of the contract, though others follow from it: these could not even be made."""
    names = {column.name for column in contract.columns}
    named = [("key", name) for name in contract.key]
    if isinstance(contract, FeedContract) and contract.unfold:
        beside = [name for said in contract.unfold.cells.values() for name in said]
        named += [("unfold", name) for name in (contract.unfold.value, *beside)]
    if isinstance(contract, FeedContract) and contract.split:
        named += [("split.columns", name) for name in contract.split.columns]
    if isinstance(contract, TableContract):
        named += [("profile", entry.of) for entry in contract.profile if entry.of not in contract.measures]
        named += [("profile.newest", entry.newest) for entry in contract.profile if entry.newest]
        named += [("event.date", contract.event.date)] if contract.event else []
        named += [("partition", contract.partition)] if contract.partition else []
        named += [(f"measures.{key}", name) for key, measure in contract.measures.items() for name in measure.columns]
    yield from (f"{key}: {name} is not a column" for key, name in named if name not in names)
