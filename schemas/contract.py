"""The one strict reader: contract files flow in, frozen Contract objects flow out."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

SCHEMAS = Path(__file__).parent
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TABLE_LAYERS = ("base", "themes", "gold", "ops")
SYSTEM_COLUMNS = ("_delivery", "_line", "_department", "_received_at")
# The national exchange envelope (domain.md §1.2), which every change feed may carry; terms.yaml says what it is.
ENVELOPE = ("cd_id", "cd_time", "cd_source", "cd_batch", "cd_operation")

Rule = Literal[
    "required", "type", "pattern", "check", "check_digit", "codes", "min", "max", "length", "items", "order", "future"
]
Severity = Literal["fail", "warn"]
# Each with its kin: csv is any separated text, xlsx also xls, json also JSON Lines; any of them as .gz or in a .zip.
Format = Literal["csv", "xlsx", "json", "parquet"]
Check = Literal["uscc", "id_card", "item_code", "check_icode", "certificate"]


class ContractError(Exception):
    """A contract that cannot be used; the message reads `file: key: why`."""


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Heading(Strict):
    """One heading under which a department delivers a column; `scale` turns its unit into the column's."""

    heading: str
    scale: int | None = None


def _headings(value: Any) -> Any:
    """A heading may be written as text, as a mapping with its scale, or as a list of either."""
    listed = value if isinstance(value, list) else [value]
    return [{"heading": item} if isinstance(item, str) else item for item in listed]


class CheckWhen(Strict):
    """Which check holds depends on another column's code."""

    column: str
    is_: dict[str, Check] = Field(alias="is")


class Column(Strict):
    """One column; what it leaves open is filled from the term of the same name."""

    name: str
    headings: Annotated[tuple[Heading, ...], BeforeValidator(_headings)] = Field(default=(), alias="from")
    type: str | None = None
    label: str | None = None
    doc: str | None = None
    required: bool = False
    required_with: str | None = None
    pattern: str | None = None
    check: Check | None = None
    check_when: CheckWhen | None = None
    codes: str | None = None
    parse: Literal["amount", "currency"] | None = None
    separator: str | None = None
    min: float | None = None
    max: float | None = None
    max_length: int | None = None
    min_items: int | None = None
    not_before: str | None = None
    not_future: bool = False
    flag: tuple[Rule, ...] = ()
    sensitivity: Literal["public", "internal", "personal"] | None = None
    authority: tuple[str, ...] | None = None

    @property
    def spark_type(self) -> str:
        """The column's type as Spark SQL writes it."""
        assert self.type, self.name
        return {"integer": "bigint", "list": "array<string>"}.get(self.type, self.type)


class Limits(Strict):
    """What one file may cost; beyond it the file is refused, naming the limit.

    (ours) The defaults let a year of a province's largest feed through and stop what only an attack or a mistake holds.
    """

    bytes: int = 4 << 30
    unpacked_bytes: int = 8 << 30
    rows: int = 50_000_000
    columns: int = 500
    cell: int = 100_000
    """Characters; Excel itself allows 32,767."""
    ratio: int = 200
    """Unpacked bytes a packed byte, once the whole is larger than 64 MiB."""
    members: int = 1_000
    """Files in one archive."""
    nesting: int = 2
    """Packings around a table (a .csv.gz in a .zip has two), and levels inside a JSON row."""
    memory: int = 1 << 30
    """Bytes that reading the file may take."""
    seconds: int = 30
    """Time without a row read."""


class Delivery(Strict):
    """How a department hands the feed over.

    `full`: each file is everything there is, and what it no longer states is withdrawn. `change`: each file is what is
    new, changed or, by the envelope's `cd_operation`, deleted. `marker`: files wait for an empty `<file>.ready` beside.
    """

    formats: tuple[Format, ...] = ("csv", "xlsx", "json", "parquet")
    cadence: Literal["daily", "weekly", "monthly", "quarterly", "yearly", "once"]
    mode: Literal["full", "change"]
    marker: Literal["ready"] | None = None
    limits: Limits = Limits()


class Bound(Strict):
    """What a figure of a delivery must lie between, and what happens when it does not."""

    min: float | None = None
    max: float | None = None
    on: Severity = "fail"

    @model_validator(mode="before")
    @classmethod
    def _read_on(cls, value: Any) -> Any:
        """YAML 1.1 reads the bare word `on` as true."""
        return {"on" if key is True else key: of for key, of in value.items()} if isinstance(value, dict) else value


class Usual(Strict):
    """How far a delivery may be from what the department usually sends (ours: the defaults only ever warn)."""

    volume: Bound = Bound(min=0.5, max=4, on="warn")
    """Rows, as a multiple of the usual number."""
    emptied: Bound = Bound(max=0, on="warn")
    """Columns that usually hold something and hold nothing now."""
    shift: Bound = Bound(max=0.5, on="warn")
    """The share of rows that would need another code to look as usual, in the coded column where it is largest."""


class Expect(Strict):
    """What a delivery as a whole must look like; shares are 0 to 1."""

    rows: Bound = Bound(min=1)
    quarantined_share: Bound = Bound(max=0.5, on="warn")
    duplicate_keys: Bound = Bound(max=0, on="warn")
    filled: dict[str, float] = {}
    usual: Usual = Usual()


class Contract(Strict):
    """One table's promise; `name` and `layer` come from where its file lies."""

    name: str
    layer: Literal["feed", "base", "themes", "gold", "ops"]
    file: Path
    title: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    department: str | None = None
    feeds: tuple[str, ...] = ()
    delivery: Delivery | None = None
    expect: Expect = Expect()
    ignore: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def is_snapshot(self) -> bool:
        """Whether each delivery is everything there is."""
        return self.delivery is not None and self.delivery.mode == "full"

    @property
    def has_envelope(self) -> bool:
        """Whether rows may say by `cd_operation` that they delete, and by `cd_time` when they were true."""
        return any(column.name == "cd_operation" for column in self.columns)

    @property
    def table(self) -> str:
        """The table's name inside its layer."""
        return self.name.split(".", 1)[-1]

    def departments(self) -> tuple[str, ...]:
        """Who may deliver the feed: its owner, or every department for a standard shape."""
        return (self.department,) if self.department else tuple(departments())


class Department(Strict):
    """A department that delivers; `national` is its code in the national list 监管部门."""

    code: str
    national: str
    title: str
    label: str
    onboarding: Literal["planned", "testing", "live"]
    contact: str


class Code(Strict):
    """One code of a list, with every spelling that is known to mean it."""

    code: str
    label: str
    aliases: tuple[str, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None
    extra: dict[str, str] = {}


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), LOADER)  # noqa: S506 (a safe loader, the faster one)
    except yaml.YAMLError as error:
        raise ContractError(f"{shown(path)}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(read, dict):
        raise ContractError(f"{shown(path)}: must hold keys and values, not {type(read).__name__}")
    return read


def roots() -> tuple[Path, ...]:
    """The folders that contracts, departments and code lists are read from: this one, then LAKEWARDEN_SCHEMAS."""
    further = os.environ.get("LAKEWARDEN_SCHEMAS", "")
    return (SCHEMAS, *(Path(folder).expanduser().resolve() for folder in further.split(os.pathsep) if folder))


def shown(path: Path) -> str:
    """A path as a reader of the repository knows it."""
    return str(path.relative_to(SCHEMAS.parent)) if path.is_relative_to(SCHEMAS.parent) else str(path)


def _refusal(path: Path, error: ValidationError) -> ContractError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "(file)"
    why = {"extra_forbidden": "unknown key", "missing": "is missing"}.get(first["type"], first["msg"])
    return ContractError(f"{shown(path)}: {key}: {why}")


@cache
def terms() -> dict[str, dict[str, Any]]:
    """The shared columns of `terms.yaml`, by name."""
    path = SCHEMAS / "terms.yaml"
    read = _read_yaml(path)
    for name, term in read.items():
        try:
            Column.model_validate({"name": name, **term})
        except ValidationError as error:
            raise _refusal(path, error) from None
    return read


@cache
def departments() -> dict[str, Department]:
    """The delivering departments by short name."""
    found: dict[str, Department] = {}
    for path in (root / "departments.yaml" for root in roots()):
        try:
            entries = _read_yaml(path) if path.exists() or path.parent == SCHEMAS else {}
            found |= {name: Department.model_validate(entry) for name, entry in entries.items()}
        except ValidationError as error:
            raise _refusal(path, error) from None
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


def _with_term(column: dict[str, Any]) -> dict[str, Any]:
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
    own = {heading["heading"] for column in columns for heading in _headings(column.get("from", [])) if heading}
    own |= set(read.get("ignore") or [])
    for name in ENVELOPE:
        headings = [heading for heading in terms()[name]["from"] if heading not in own]
        if name not in {column.get("name") for column in columns}:
            yield {"name": name, "from": headings}


def _place(path: Path) -> dict[str, Any]:
    """Layer, name and owner of a contract, from its path below `schemas/`."""
    root = next(root for root in roots() if path.is_relative_to(root))
    layer, *folders, _ = path.relative_to(root).parts
    name = "_".join([*folders, path.stem])
    if layer == "feeds":
        return {"layer": "feed", "name": name, "department": folders[0] if folders else None, "file": path}
    return {"layer": layer, "name": f"{layer}.{name}", "file": path}


def read_contract(path: Path) -> Contract:
    """The contract of one file; raises ContractError naming file, key and reason."""
    read = _read_yaml(path)
    if not isinstance(read.get("columns"), list):
        raise ContractError(f"{shown(path)}: columns: must be a list of columns")
    for key in ("name", "layer", "file", "department"):
        if key in read:
            raise ContractError(f"{shown(path)}: {key}: unknown key")
    if isinstance(read.get("feeds"), str):
        read["feeds"] = [read["feeds"]]
    place = _place(path)
    if place["layer"] == "feed":
        read["columns"] = [*read["columns"], *_envelope(read)]
    read["columns"] = [_with_term(column) for column in read["columns"]]
    try:
        return Contract.model_validate({**read, **place})
    except ValidationError as error:
        raise _refusal(path, error) from None


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


def landing_folders() -> Iterator[tuple[str, str, Contract]]:
    """Every (department, folder, contract) that may deliver."""
    for contract in feeds().values():
        for department in contract.departments():
            yield department, re.sub(f"^{contract.department}_", "", contract.name), contract
