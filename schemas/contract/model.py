"""What a contract, a department and a code are, as frozen objects; nothing here reads a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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


def as_headings(value: Any) -> Any:
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
    headings: Annotated[tuple[Heading, ...], BeforeValidator(as_headings)] = Field(default=(), alias="from")
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
    refers: str | None = None

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


class DeliveryPromise(Strict):
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
    delivery: DeliveryPromise | None = None
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
