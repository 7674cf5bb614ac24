"""Everything that is declared, read once: contracts, departments and code lists by name."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from schemas import folders
from schemas.contract.feeding import feeds_into, following_columns
from schemas.contract.fields import fields
from schemas.contract.model import Code, Column, Contract, ContractError, Department, FeedContract, TableContract
from schemas.contract.read import read_contract, read_yaml, refusal, shown
from schemas.contract.risk import risk_models
from schemas.contract.views import follow

# What a feed's column takes from the base table that it flows into.
INHERITED = {
    *("label", "doc", "pattern", "check", "check_when", "codes", "parse", "separator", "min", "max", "max_length"),
    *("min_items", "flag", "sensitivity"),
}
# Code lists whose tables in layer `codes` hold more than the list: codes of today, prefectures, sections.
COMPOSED = ("industry", "region")
TABLE_LAYERS = ("base", "themes", "gold", "ops")


@cache
def departments() -> dict[str, Department]:
    """The delivering departments by short name."""
    found: dict[str, Department] = {}
    for path in (root / "departments.yaml" for root in folders.roots()):
        try:
            entries = read_yaml(path) if path.exists() or path.parent == folders.SCHEMAS else {}
            found |= TypeAdapter(dict[str, Department]).validate_python(entries)
        except ValidationError as error:
            raise refusal(path, error) from None
    return found


@cache
def code_list(name: str) -> tuple[Code, ...]:
    """The codes of `codes/<name>.csv` in the file's order, or of what is declared elsewhere (DECLARED)."""
    if name in DECLARED:
        return DECLARED[name]()
    paths = [root / "codes" / f"{name}.csv" for root in folders.roots()]
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
    "risk_model": lambda: tuple(
        Code(code=name, label=model.title) for name, model in sorted({m.model: m for m in risk_models()}.items())
    ),
}


@cache
def code_lists() -> tuple[str, ...]:
    """The names of all code lists."""
    files = {path.stem for root in folders.roots() for path in (root / "codes").glob("*.csv")}
    return tuple(sorted({*files, *DECLARED}))


def lists_with_facts() -> list[str]:
    """The lists that say more of a code than how it is spelled, and that have no own table in layer `codes`."""
    return [name for name in code_lists() if name not in COMPOSED and any(code.extra for code in code_list(name)[:1])]


def province() -> Code:
    """The division that all others lie in."""
    return next(code for code in code_list("region") if code.extra["level"] == "province")


def grades() -> tuple[Code, ...]:
    """The grades of risk, the highest first."""
    return tuple(sorted(code_list("risk_grade"), key=lambda grade: int(grade.extra["order"])))


def _contract_files() -> Iterator[Path]:
    for layer in ("feeds", *TABLE_LAYERS):
        for root in folders.roots():
            yield from sorted((root / layer).rglob("*.yaml"))


class Contracts(dict[str, Contract]):
    """Contracts by name, told apart once: of each kind somebody asks thousands of times."""

    @cached_property
    def feeds(self) -> dict[str, FeedContract]:
        """What departments deliver."""
        return {name: contract for name, contract in self.items() if isinstance(contract, FeedContract)}

    @cached_property
    def layers(self) -> dict[str, dict[str, TableContract]]:
        """The tables that we build, by layer."""
        found: dict[str, dict[str, TableContract]] = {}
        for name, contract in self.items():
            if isinstance(contract, TableContract):
                found.setdefault(contract.layer, {})[name] = contract
        return found

    @cached_property
    def fed_tables(self) -> dict[str, TableContract]:
        """The tables that feeds flow into, without the layer in their names."""
        built = (contract for some in self.layers.values() for contract in some.values())
        return {contract.table: contract for contract in built if contract.is_fed}


@cache
def contracts() -> Contracts:
    """All contracts by name: `scjg_enterprise` for a feed, `base.supervised_object` for a table."""
    written = {contract.name: contract for contract in map(read_contract, _contract_files())}
    whole = {name: _completed(contract, written) for name, contract in written.items()}
    built = [contract for contract in whole.values() if isinstance(contract, TableContract)]
    derived = {contract.name: contract for contract in follow(built, fields()) if contract.name not in whole}
    return Contracts(whole | derived)


def _completed(contract: Contract, written: Mapping[str, Contract]) -> Contract:
    """A feed with what its base tables say of its columns; a base table with what follows from its feeds; others with
    what measures say."""
    if isinstance(contract, FeedContract):
        columns = tuple(_of_base(column, contract, written) for column in contract.columns)
        return contract.model_copy(update={"columns": columns})
    assert isinstance(contract, TableContract)
    if not contract.is_fed:
        columns = tuple(_measured(column, written) for column in contract.columns)
        return contract.model_copy(update={"columns": columns})
    follow = following_columns(contract, feeds_into(contract.table, written))
    return contract.model_copy(update={"columns": (*contract.columns, *follow)})


def _of_base(column: Column, feed: FeedContract, written: Mapping[str, Contract]) -> Column:
    """A feed's column with what the base table that it flows into says of it, and the feed leaves open."""
    for target in feed.into:
        table = written.get(f"base.{target}") or written.get(f"themes.{target}")
        own = next((other for other in table.columns if other.name == column.name), None) if table else None
        if own and own.type and column.type is None:
            said = {name: getattr(own, name) for name in own.model_fields_set & INHERITED - column.model_fields_set}
            return column.model_copy(update={"type": own.type, **said})
    return column


def _measured(column: Column, written: Mapping[str, Contract]) -> Column:
    """A column that repeats a measure, with the measure's type and label."""
    for table in written.values():
        if isinstance(table, TableContract) and column.type is None and column.name in table.measures:
            measure = table.measures[column.name]
            return column.model_copy(update={"type": table.type_of(measure), "label": column.label or measure.label})
    return column


def feeds() -> dict[str, FeedContract]:
    """The contracts of what departments deliver."""
    return contracts().feeds


def tables(layer: str) -> dict[str, TableContract]:
    """The contracts of one layer that we build, by name."""
    return contracts().layers.get(layer, {})


def fed_tables() -> dict[str, TableContract]:
    """The tables that feeds flow into, by their name without the layer, as `into` names them: of base and of fields."""
    return contracts().fed_tables


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
