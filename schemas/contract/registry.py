"""Everything that is declared, read once: contracts, departments and code lists by name."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from schemas.contract import read
from schemas.contract.model import Code, Contract, ContractError, Department
from schemas.contract.read import read_contract, read_yaml, refusal, roots, shown

TABLE_LAYERS = ("base", "themes", "gold", "ops")


@cache
def departments() -> dict[str, Department]:
    """The delivering departments by short name."""
    found: dict[str, Department] = {}
    for path in (root / "departments.yaml" for root in roots()):
        try:
            entries = read_yaml(path) if path.exists() or path.parent == read.SCHEMAS else {}
            found |= {name: Department.model_validate(entry) for name, entry in entries.items()}
        except ValidationError as error:
            raise refusal(path, error) from None
    return found


@cache
def code_list(name: str) -> tuple[Code, ...]:
    """The codes of `codes/<name>.csv`, in the file's order."""
    paths = [root / "codes" / f"{name}.csv" for root in roots()]
    path = next((path for path in reversed(paths) if path.exists()), None)
    if path is None:
        raise ContractError(f"{shown(paths[0])}: no such code list")
    known = {"code", "label", "aliases", "valid_from", "valid_to"}
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Code(
                code=row["code"],
                label=row["label"],
                aliases=tuple(alias for alias in row["aliases"].split("|") if alias),
                valid_from=row.get("valid_from") or None,
                valid_to=row.get("valid_to") or None,
                extra={key: value for key, value in row.items() if key not in known},
            )
            for row in csv.DictReader(file)
        )


@cache
def code_lists() -> tuple[str, ...]:
    """The names of all code lists."""
    return tuple(sorted({path.stem for root in roots() for path in (root / "codes").glob("*.csv")}))


def _contract_files() -> Iterator[Path]:
    for layer in ("feeds", *TABLE_LAYERS):
        for root in roots():
            yield from sorted((root / layer).rglob("*.yaml"))


@cache
def contracts() -> dict[str, Contract]:
    """All contracts by name: `scjg_enterprise` for a feed, `base.supervised_object` for a table."""
    return {contract.name: contract for contract in map(read_contract, _contract_files())}


def feeds() -> dict[str, Contract]:
    """The contracts of what departments deliver."""
    return {name: contract for name, contract in contracts().items() if contract.layer == "feed"}


def tables(layer: str) -> dict[str, Contract]:
    """The contracts of one layer, by name."""
    return {name: contract for name, contract in contracts().items() if contract.layer == layer}


def feed_of(department: str, folder: str) -> Contract | None:
    """The feed that a landing folder `<department>/<folder>` carries, or None if nobody promised it."""
    own = feeds().get(f"{department}_{folder}")
    standard = feeds().get(folder)
    return own or (standard if standard and standard.department is None else None)


def deliverers(contract: Contract) -> tuple[str, ...]:
    """Who may deliver a feed: its owner, or every department for a standard shape."""
    return (contract.department,) if contract.department else tuple(departments())


def landing_folders() -> Iterator[tuple[str, str, Contract]]:
    """Every (department, folder, contract) that may deliver."""
    for contract in feeds().values():
        for department in deliverers(contract):
            yield department, re.sub(f"^{contract.department}_", "", contract.name), contract
