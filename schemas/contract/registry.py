"""Everything that is declared, read once: contracts, departments and code lists by name."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from schemas.contract import read
from schemas.contract.feeding import feeds_into, following_columns
from schemas.contract.fields import fields
from schemas.contract.model import Code, Contract, ContractError, Department, FeedContract, TableContract
from schemas.contract.read import read_contract, read_yaml, refusal, roots, shown
from schemas.contract.views import follow

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
    """The codes of `codes/<name>.csv` in the file's order, or, by the names department and field, those declared."""
    if name in DECLARED:
        return DECLARED[name]()
    paths = [root / "codes" / f"{name}.csv" for root in roots()]
    path = next((path for path in reversed(paths) if path.exists()), None)
    if path is None:
        raise ContractError(f"{shown(paths[0])}: no such code list")
    columns = {"code", "label", "aliases", "valid_from", "valid_to"}
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Code(
                code=row["code"],
                label=row["label"],
                aliases=tuple(alias for alias in row["aliases"].split("|") if alias),
                valid_from=row.get("valid_from") or None,
                valid_to=row.get("valid_to") or None,
                extra={key: value for key, value in row.items() if key not in columns},
            )
            for row in csv.DictReader(file)
        )


# What is declared elsewhere and has labels too.
DECLARED: dict[str, Callable[[], tuple[Code, ...]]] = {
    "department": lambda: tuple(Code(code=name, label=entry.label) for name, entry in departments().items()),
    "field": lambda: tuple(Code(code=name, label=field.title) for name, field in fields().items()),
}


@cache
def code_lists() -> tuple[str, ...]:
    """The names of all code lists."""
    files = {path.stem for root in roots() for path in (root / "codes").glob("*.csv")}
    return tuple(sorted({*files, *DECLARED}))


def province() -> Code:
    """The division that all others lie in."""
    return next(code for code in code_list("region") if code.extra["level"] == "province")


def _contract_files() -> Iterator[Path]:
    for layer in ("feeds", *TABLE_LAYERS):
        for root in roots():
            yield from sorted((root / layer).rglob("*.yaml"))


@cache
def contracts() -> dict[str, Contract]:
    """All contracts by name: `scjg_enterprise` for a feed, `base.supervised_object` for a table."""
    written = {contract.name: contract for contract in map(read_contract, _contract_files())}
    whole = {name: _completed(contract, written) for name, contract in written.items()}
    built = [contract for contract in whole.values() if isinstance(contract, TableContract)]
    return whole | {contract.name: contract for contract in follow(built, fields()) if contract.name not in whole}


def _completed(contract: Contract, written: Mapping[str, Contract]) -> Contract:
    """A base table with the columns that follow from the feeds that flow into it."""
    if not isinstance(contract, TableContract) or contract.layer != "base":
        return contract
    follow = following_columns(contract, feeds_into(contract.table, written))
    return contract.model_copy(update={"columns": (*contract.columns, *follow)})


def feeds() -> dict[str, FeedContract]:
    """The contracts of what departments deliver."""
    return {name: contract for name, contract in contracts().items() if isinstance(contract, FeedContract)}


def tables(layer: str) -> dict[str, TableContract]:
    """The contracts of one layer that we build, by name."""
    return {
        name: contract
        for name, contract in contracts().items()
        if isinstance(contract, TableContract) and contract.layer == layer
    }


def table_of(name: str) -> TableContract:
    """The contract of a table that we build, such as `base.licence`; KeyError for any other name."""
    contract = contracts()[name]
    assert isinstance(contract, TableContract), name
    return contract


def feed_of(department: str, folder: str) -> FeedContract | None:
    """The feed that a landing folder `<department>/<folder>` carries, or None if nobody promised it."""
    own = feeds().get(f"{department}_{folder}")
    standard = feeds().get(folder)
    return own or (standard if standard and standard.department is None else None)


def deliverers(feed: FeedContract) -> tuple[str, ...]:
    """Who may deliver a feed: its owner; of a standard shape those that it names, else every department."""
    return (feed.department,) if feed.department else feed.by or tuple(departments())


def landing_folders() -> Iterator[tuple[str, str, FeedContract]]:
    """Every (department, folder, contract) that may deliver."""
    for feed in feeds().values():
        for department in deliverers(feed):
            yield department, feed.folder, feed
