"""What a contract, a department and a code are, as frozen objects; nothing here reads a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.folders import SCHEMAS

SYSTEM_COLUMNS = ("_delivery", "_line", "_department", "_received_at")
# Columns of base tables that follow from how a table is fed; no contract lists them.
FOLLOWING = (
    "sources",
    "flags",
    "claims",
    "withdrawn_at",
    "valid_until",
    "_version",
    "_withdrawn_version",
    "_stated_by",
    "_withdrawn_by",
    "object_link",
)
# The national exchange envelope (domain.md §1.2), which every change feed may carry; terms/envelope.yaml has it.
ENVELOPE = ("cd_id", "cd_time", "cd_source", "cd_batch", "cd_operation")

Rule = Literal[
    "required",
    "type",
    "pattern",
    "check",
    "check_digit",
    "codes",
    "fits",
    "min",
    "max",
    "length",
    "items",
    "order",
    "future",
]
Severity = Literal["fail", "warn"]
# Each with its kin: csv is any separated text, xlsx also xls, json also JSON Lines; hj212: frames of monitoring
# stations, one a line. Any of them as .gz or in a .zip.
Format = Literal["csv", "xlsx", "json", "parquet", "hj212"]
# occasional: when there is something to say; nobody is late with it.
Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "once", "occasional"]
# How a cell is read that holds more than a value of the type: an amount; from the same headings its currency, and the
# unit that it came in; the first or last day of a term (2021-06-01 至 2027-05-31, 长期); the first day of a month
# (2026-03, 2026年3月); of several codes the gravest; names of people without the numbers that stand beside them, and
# the numbers of their licences without the names; the laws and articles that a legal basis cites
# (schemas/citations.py); an area in square metres; degrees, which may be written with minutes and seconds; the division
# that an address begins with.
Parse = Literal[
    "amount",
    "currency",
    "unit",
    "term_begin",
    "term_end",
    "month",
    "gravest",
    "people",
    "licences",
    "citations",
    "area",
    "degrees",
    "address",
]
Check = Literal["uscc", "id_card", "item_code", "check_icode", "certificate", "plate"]


class ContractError(Exception):
    """A contract that cannot be used; the message reads `file: key: why`."""


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# What turns a heading's unit into the column's; of no whole number as text: 2000/3 square metres are a 亩.
Scale = int | Fraction


def as_scale(value: Any) -> Any:
    """A scale that is no whole number, from its text."""
    return Fraction(value) if isinstance(value, str) else value


class Heading(Strict):
    """One heading under which a department delivers a column; `scale` turns its unit into the column's."""

    heading: str
    scale: Annotated[Scale | None, BeforeValidator(as_scale)] = None


def as_headings(value: Any) -> Any:
    """A heading may be written as text, as a mapping with its scale, or as a list of either."""
    listed = value if isinstance(value, list) else [value]
    return [{"heading": item} if isinstance(item, str) else item for item in listed]


class CheckWhen(Strict):
    """Which check holds depends on another column's code."""

    column: str
    is_: dict[str, Check] = Field(alias="is")


class Fits(Strict):
    """Which codes of its list a column may hold depends on another column: on its code (`is`) or how it begins."""

    column: str
    is_: dict[str, tuple[str, ...]] = Field(default={}, alias="is")
    begins: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Fits:
        if bool(self.is_) == bool(self.begins):
            raise ValueError("needs either is or begins")
        return self

    @property
    def allowed(self) -> dict[str, tuple[str, ...]]:
        """By the other column's code or beginning: the codes that may stand beside it."""
        return self.is_ or self.begins


class Derived(Strict):
    """How a value follows from columns of a feed's row: an expression in the dialect that both engines share."""

    reads: tuple[str, ...]
    sql: str


class Lookup(Strict):
    """The column `give` of codes.`table`, in the row whose code is that of the column `by`.

    `table`: a code list; of a column of type list, the list's cell holds several values, separated by |.
    """

    table: str
    by: str
    give: str


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
    fits: Fits | None = None
    says: dict[str, str] = {}
    """Of a coded column: other words than the list's for some codes, where the column means something of its own."""
    parse: Parse | None = None
    written: tuple[str, ...] = ()
    """Of a date: how it is written where nobody could tell day from month, as strptime reads it: %m/%d/%Y, %d-%b-%y."""
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
    """`table.column` of base whose values this column holds."""
    derived: Derived | None = None
    """Of a term that no department delivers: how it follows from columns that a feed has."""
    of: tuple[str, ...] = ()
    """Of a base column: the columns of a feed that it is read from, the first that the row fills; else its own name."""
    place: tuple[str, ...] = ()
    """Of a base column: the prefecture (市州) of today of the first of these columns that names a place."""
    lookup: Lookup | None = None
    """Of a base column: what a table of layer `codes` says of another column's code."""
    links: Links | None = None
    """Of a base column `object_id`: where it is empty it is found by the object's name (spark_jobs/linking)."""
    is_current: bool = False
    """Of a base column that holds a division's code: it is turned into the code that the division has today."""
    sql: str | None = None
    """Of a base column: an expression over the table's other columns; of a roll-up, over the rows of a key."""
    day_of: str | None = None
    """Of a base column: the day in China of another column's moment, which is kept in UTC."""

    @property
    def spark_type(self) -> str:
        """The column's type as Spark SQL writes it."""
        assert self.type, self.name
        return {"integer": "bigint", "list": "array<string>"}.get(self.type, self.type)

    @property
    def is_beside_amount(self) -> bool:
        """Whether it is read from the cells of an amount: it has no heading of its own."""
        return self.parse in ("currency", "unit")

    @property
    def is_personal(self) -> bool:
        """Whether it says something of a person: such a column is never served, and never in gold."""
        return self.sensitivity == "personal"


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
    cadence: Cadence
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
    withdrawn: Bound = Bound(max=0.2)
    """Of a full feed: the share of the keys standing so far that a list may leave out, which withdraws them."""
    parts_lacking: Bound = Bound(max=0)
    """Of a full feed: parts of one list (files of one archive or series) that could not be read or are missing."""
    usual: Usual = Usual()


class Measure(Strict):
    """What is counted of a base table's rows: how many, how many different values, or a sum.

    `where`: only rows whose column holds one of these values; `filled`: only rows that fill these columns.
    """

    label: str
    count: bool = False
    distinct: str | None = None
    sum: str | None = None
    where: dict[str, tuple[bool | str, ...]] = {}
    filled: tuple[str, ...] = ()
    unit: Literal["yuan"] | None = None
    doc: str | None = None
    means: str | None = None
    """The definition (口径) in Chinese, as it stands beside the figure."""

    @property
    def is_additive(self) -> bool:
        """Whether two months' figures may be added up: the same thing is counted once in each of them otherwise."""
        return self.distinct is None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (*self.where, *self.filled, *filter(None, (self.distinct, self.sum)))

    @model_validator(mode="after")
    def _counts_one_thing(self) -> Measure:
        if sum((self.count, self.distinct is not None, self.sum is not None)) != 1:
            raise ValueError("needs exactly one of count, distinct, sum")
        return self


class Links(Strict):
    """The columns by which a row without a code is linked to its object: a name, and the prefecture it is in."""

    name: str
    place: str


class Unfold(Strict):
    """Headings that are cells of one column side by side, as a row a moment has a column a factor.

    `cells`: by heading, what other columns hold beside its cell; `value`: the column that the cell is read into.
    """

    value: str
    cells: dict[str, dict[str, str]] = Field(min_length=1)

    @property
    def headings(self) -> dict[str, str]:
        """Every way to write these headings: plain, or with what stands beside the cell in brackets, as its unit."""
        beside = {f"{name}({said})": name for name, several in self.cells.items() for said in several.values()}
        return {**{name: name for name in self.cells}, **beside}


class Split(Strict):
    """Columns whose cells list several values each, the first of one belonging to the first of the others.

    A bulletin names what a sample failed in, what was found and what is allowed as 铅║铜, 0.3║12, ≤0.1║≤10.
    `separator`: what stands between, as a regular expression.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    separator: str


class Event(Strict):
    """What makes a row of a base table countable by period: the day it happened."""

    date: str


class ProfileEntry(Strict):
    """What the profile of an object says of the table's rows about it: a measure, or a column.

    `months`: a measure of what happened in so many months before the day; `in_force`: of the rows that hold on the day.
    A column's value is the greatest, where an object has several rows; with `newest`, that of the row with the latest
    day in that column.
    """

    of: str
    months: int | None = Field(default=None, gt=0)
    in_force: bool = False
    newest: str | None = None

    @property
    def name(self) -> str:
        """The profile's column: licences, licences_in_force, punishments_36m."""
        return self.of + (f"_{self.months}m" if self.months else "") + ("_in_force" if self.in_force else "")


def as_profile(value: Any) -> Any:
    """What a profile shows may be written as its bare name."""
    return [{"of": item} if isinstance(item, str) else item for item in value]


class Valid(Strict):
    """The columns with the first and the last day on which a row of a base table holds; an empty one leaves it open.

    `ended`: the column with the first day on which it holds no more, whatever its term. `each`: the columns of the key
    that say what a row is a version of. A version ends where the next one of the same thing begins; `valid_until` says
    on which day, whatever was stated (dbt_project/macros/merge/validity.sql).
    """

    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    ended: str | None = None
    each: tuple[str, ...] = ()

    @property
    def days(self) -> dict[str, str]:
        """The columns that it names, by what they say."""
        named = {"from": self.from_, "to": self.to, "ended": self.ended}
        return {key: name for key, name in named.items() if name}


def as_columns(value: Any) -> Any:
    """A column may be written as its bare name."""
    return [{"name": item} if isinstance(item, str) else item for item in value]


class Contract(Strict):
    """One table's promise; `name` and `layer` come from where its file lies."""

    name: str
    layer: Literal["feed", "base", "themes", "gold", "ops", "detail"]
    file: Path
    title: str
    doc: str
    key: tuple[str, ...] = Field(min_length=1)
    columns: tuple[Column, ...]
    is_derived: bool = False
    """Whether the contract is no file of its own: it follows from measures and fields (views.py)."""

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def table(self) -> str:
        """The table's name inside its layer."""
        return self.name.split(".", 1)[-1]


class FeedContract(Contract):
    """What a department promises to deliver; `department` is its owner, None for a standard shape of many.

    `by` names the departments that deliver a standard shape, `into` the tables that its rows flow into: of base, or a
    field's own. `states`: what every row says without a cell of its own, by column of these tables: a register of one
    kind of licence need not name the kind.
    """

    layer: Literal["feed"]
    department: str | None = None
    by: tuple[str, ...] = ()
    into: tuple[str, ...] = ()
    states: dict[str, str] = {}
    unfold: Unfold | None = None
    split: Split | None = None
    delivery: DeliveryPromise
    expect: Expect = Expect()
    ignore: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The landing folder's name below its department's."""
        return self.name.removeprefix(f"{self.department}_")

    @property
    def sample(self) -> Path | None:
        """Rows of it that say what becomes of them; None for contracts of another folder, which keeps its own."""
        if not self.file.is_relative_to(SCHEMAS):
            return None
        return SCHEMAS.parent / "samples" / (self.department or "") / f"{self.file.stem}.csv"

    @property
    def is_snapshot(self) -> bool:
        """Whether each delivery is everything there is."""
        return self.delivery.mode == "full"

    @property
    def has_envelope(self) -> bool:
        """Whether rows may say by `cd_operation` that they delete, and by `cd_time` when they were true."""
        return any(column.name == "cd_operation" for column in self.columns)


class TableContract(Contract):
    """A table that we build; those of base say how they are fed.

    `merge`: of several statements about a key the newest is the row (newest), or every column is a claim of its own,
    and the named authority's wins (claims). `registry`: the feeds whose rows alone say that a key is there or gone;
    without it every feed takes back what it stated. Authority over a column is not that power. `profile`: what profiles
    of objects say of it, those of all fields or, of a field's own table, that field's; `detail`: what people see of a
    row who ask which rows a figure counts. `valid`: from when to when a row holds, and of what it is a version.

    `partition`: the column of days by which the rows lie on disk; what is merged reads and writes the days that it
    speaks of, and no others. `rolls_up`: the table so laid down whose rows this one sums up, day by day, in the place
    of a merge.
    """

    layer: Literal["base", "themes", "gold", "ops", "detail"]
    merge: Literal["newest", "claims"] | None = None
    registry: tuple[str, ...] = ()
    profile: Annotated[tuple[ProfileEntry, ...], BeforeValidator(as_profile)] = ()
    detail: tuple[str, ...] = ()
    event: Event | None = None
    valid: Valid | None = None
    measures: dict[str, Measure] = {}
    partition: str | None = None
    rolls_up: str | None = None

    @property
    def is_fed(self) -> bool:
        """Whether feeds flow into it, or it sums up a table that they flow into: one of base, or a field's own."""
        return self.layer == "base" or bool(self.merge or self.rolls_up)

    @property
    def has_withdrawn(self) -> bool:
        """Whether rows that were taken back stay in it, with `withdrawn_at`."""
        return self.is_fed and not self.rolls_up

    @property
    def stated(self) -> tuple[Column, ...]:
        """Of a base table: the columns that feeds state; the others follow from them or from how it is fed."""
        return tuple(column for column in self.columns if not _follows(column))

    def type_of(self, measure: Measure) -> str:
        """The type of a measure's figures, as a contract writes it: of a sum that of the column, of a count integer."""
        return str(self.column(measure.sum).type) if measure.sum else "integer"

    def spark_type_of(self, measure: Measure) -> str:
        """The same as Spark SQL writes it."""
        return self.column(measure.sum).spark_type if measure.sum else "bigint"


def _follows(column: Column) -> bool:
    """Whether a base column follows from others, or from how the table is fed."""
    return bool(column.place or column.sql or column.lookup or column.day_of) or column.name in FOLLOWING


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
