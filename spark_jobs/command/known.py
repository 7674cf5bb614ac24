"""An object's code flows in; all that is known of it flows out: each row with its values, who said them, when, and how.

Which tables know something is found by contract: every table of base and gold that has a column `object_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.cells import cell_len

from schemas.contract import Column, TableContract, code_list, table_of, tables
from schemas.contract.views import OBJECT, OBJECT_KEY
from spark_jobs.command.records import beside, moment, text_of
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import exists, read
from spark_jobs.receipts.told import padded

Row = dict[str, Any]
# How much of a delivery's identity a version has (dbt_project/macros/statements/receipt.sql).
DELIVERY = 12
NOT_SHOWN = "(personal: not shown)"
# System columns say who states what, and are told in words.
TOLD_IN_WORDS = ("claims", "sources", "withdrawn_at")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """Who said something: department and feed, delivery, file and line; and when it was true, or else received."""

    department: str
    feed: str
    delivery: str
    file: str
    line: int
    at: datetime

    def __str__(self) -> str:
        return (
            f"{self.department}/{self.feed}, {self.at.date()}, delivery {self.delivery}, {self.file} line {self.line}"
        )


@dataclass(frozen=True)
class KnownRow:
    """A row of one table: its values by column; who stated the row, or each of its values; its state on the day."""

    values: Mapping[str, str]
    said: Said | None
    said_of: Mapping[str, Said]
    state: str | None
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Known:
    """What one table knows: the newest rows, of how many."""

    table: TableContract
    rows: list[KnownRow]
    count: int


def known_of(home: Home, code: str, day: date, last: int) -> list[Known]:
    """All that is known of an object, the object itself first; Refused where nothing is."""
    ledger = _ledger(home)
    found = [_known(home, table, code, day, last, ledger) for table in _tables()]
    found = [known for known in found if known.count]
    if not any(known.table.layer == "base" for known in found):
        raise Refused(f"{code!r} is no object that any base table knows; a code has 18 characters (GB 32100)")
    return found


def _tables() -> list[TableContract]:
    """The tables that know something of objects: the object's own, other base tables, then scores and figures."""
    having = [
        table
        for layer in ("base", "gold")
        for table in tables(layer).values()
        if any(column.name == OBJECT_KEY for column in table.columns)
    ]
    return sorted(having, key=lambda table: table.name != f"base.{OBJECT}")


def _ledger(home: Home) -> dict[str, Row]:
    """Deliveries by the beginning of their identity."""
    path = home.table("ops", "delivery")
    columns = ["_delivery", "department", "feed", "file_name"]
    rows = read(path, columns).to_pylist() if exists(path) else []
    return {row["_delivery"][:DELIVERY]: row for row in rows}


def _known(home: Home, table: TableContract, code: str, day: date, last: int, ledger: Mapping[str, Row]) -> Known:
    path = home.table(table.layer, table.table)
    rows = read(path, where=[(OBJECT_KEY, "=", code)]).to_pylist() if exists(path) else []
    rows.sort(key=lambda row: _order(table, row), reverse=True)
    return Known(table, [_row(table, row, day, ledger) for row in rows[:last]], len(rows))


def _order(table: TableContract, row: Row) -> tuple[str, str]:
    """The newest first: by the day it happened, else by its statement."""
    return str(row[table.event.date] or "") if table.event else "", str(row.get("_version") or "")


def _row(table: TableContract, row: Row, day: date, ledger: Mapping[str, Row]) -> KnownRow:
    claims = row.get("claims") or {}
    shown = [column for column in table.columns if not column.name.startswith("_") and column.name not in TOLD_IN_WORDS]
    return KnownRow(
        values={column.name: _value(column, row[column.name]) for column in shown if _is_filled(row[column.name])},
        said=_said(row.get("_version"), ledger),
        said_of={name: said for name, place in claims.items() if (said := _said(place, ledger))},
        state=state_on(table, row, day),
        withdrawn_at=row.get("withdrawn_at"),
    )


def _is_filled(value: object) -> bool:
    return value is not None and value != []


def _said(version: str | None, ledger: Mapping[str, Row]) -> Said | None:
    """Who is behind a version, or a claim's place in the order, which has a rank before it (macro version)."""
    if not version:
        return None
    *before, received, delivery, line = version.split("|")
    told = ledger.get(delivery)
    if told is None:
        return None
    own = next((part for part in before if len(part) == len(received) and part.isdigit()), received)
    at = EPOCH + timedelta(microseconds=int(own))
    return Said(told["department"], told["feed"], delivery, told["file_name"], int(line), at)


def _value(column: Column, value: Any) -> str:
    if column.is_personal:
        return NOT_SHOWN
    if isinstance(value, list):
        return "、".join(_value(column, part) for part in value)
    text = text_of(value)
    label = _labels(column.codes).get(text) if column.codes else None
    return f"{text} {label}" if label and label != text else text


def _labels(codes: str) -> dict[str, str]:
    return {code.code: code.label for code in code_list(codes)}


def state_on(table: TableContract, row: Row, day: date) -> str | None:
    """What a row's term says of a day; None where the table knows no terms."""
    if not table.valid:
        return None
    first, last = row[table.valid.from_] if table.valid.from_ else None, row["valid_until"]
    if first is None and last is None:
        return f"on {day}: no term stated"
    if first is not None and day < first:
        return f"on {day}: not before {first}"
    if last is not None and last < day:
        return f"on {day}: not after {last}"
    return f"on {day}: in force"


def lines(code: str, found: list[Known], width: int) -> Iterator[str]:
    """What a person reads: a heading a table, a block a row, a line a value; [1] refers to who said it, below."""
    name = next((row.values.get("object_name") for known in found for row in known.rows), None)
    yield f"{code}  {name or ''}".rstrip()
    for known in found:
        yield ""
        shown = "" if known.count == len(known.rows) else f", the newest {len(known.rows)}"
        yield f"{known.table.name}  {known.table.title}  ({known.count}{shown})"
        for number, row in enumerate(known.rows, 1):
            yield f"── {number} ".ljust(min(width, 60), "─")
            yield from _block(known.table, row, width)


def _block(table: TableContract, row: KnownRow, width: int) -> Iterator[str]:
    columns = [table_of(table.name).column(name) for name in row.values]
    names = max((len(column.name) for column in columns), default=0)
    labels = max((cell_len(column.label or "") for column in columns), default=0)
    numbers: dict[Said, int] = {}
    for column in columns:
        label = column.label or ""
        heading = f"  {column.name:<{names}}  {padded(label, labels)}"
        said = row.said_of.get(column.name)
        mark = f"  [{numbers.setdefault(said, len(numbers) + 1)}]" if said else ""
        yield from beside(heading, [row.values[column.name] + mark], width)
    if row.state:
        yield f"  {row.state}"
    if row.withdrawn_at:
        yield f"  taken back by its source: {moment(row.withdrawn_at)}"
    for said, number in numbers.items():
        yield from beside(f"  [{number}]", [str(said)], width)
    if row.said:
        yield from beside("  stated by", [str(row.said)], width)
