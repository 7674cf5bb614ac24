"""Contracts flow in; the Arrow columns of their tables in every layer flow out."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from schemas.contract import Contract, ContractError, shown

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
    "list": pa.list_(pa.string()),
    "array<string>": pa.list_(pa.string()),
    "map<string,string>": pa.map_(pa.string(), pa.string()),
    "map<string,double>": pa.map_(pa.string(), pa.float64()),
}
SYSTEM = [
    pa.field("_delivery", pa.string()),
    pa.field("_line", pa.int64()),
    pa.field("_department", pa.string()),
    pa.field("_received_at", pa.timestamp("us", tz="UTC")),
    pa.field("_page", pa.string()),
]
# Lines of a workbook's second page that is read begin above this number, those of the third above twice as many: more
# than a page has rows, and few enough that lines of a hundred pages have nine digits (dbt_project, macro receipt).
LINES_A_PAGE = 10_000_000


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of a contract's type."""
    if name.startswith("decimal"):
        precision, scale = name.removeprefix("decimal(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    if name.startswith("array<struct"):
        return pa.list_(arrow_type(name.removeprefix("array<").removesuffix(">")))
    if name.startswith("struct"):
        listed = name.removeprefix("struct<").removesuffix(">")
        # Not at the comma of decimal(6,2).
        fields = [field.split(":") for field in re.split(r",(?![^(]*\))", listed)]
        return pa.struct([(field, arrow_type(kind)) for field, kind in fields])
    return ARROW_TYPES[name]


def bronze_schema(contract: Contract) -> pa.Schema:
    """Bronze keeps text as delivered, with what stood above (`_headings`).

    A row that could not be split into its cells is kept whole in `_raw`, and `_fault` says why. `_page`: the page of a
    workbook, where several were read; `place` has the row on it. `_numbers`: the columns whose cell was a number where
    the file knows numbers from text (spreadsheet, JSON, Parquet), between commas, as `,industry_code,capital_amount,`:
    a number has lost the zeros that it began with. Null where there are none, and of every row of separated text.
    """
    text = [pa.field(column.name, pa.string()) for column in contract.columns]
    whole = [pa.field(name, pa.string()) for name in ("_headings", "_raw", "_fault", "_numbers")]
    return pa.schema([*text, *SYSTEM, *whole])


def place(line: int, page: str | None) -> int | str:
    """Where a row stands, as people name it: its line, or its page and the row on that page."""
    return line if page is None else f"{page} 第 {line % LINES_A_PAGE} 行"


def numbers_mark(columns: Iterable[str]) -> str | None:
    """What `_numbers` holds of a row in which these columns' cells are numbers."""
    names = ",".join(columns)
    return f",{names}," if names else None


def silver_schema(contract: Contract) -> pa.Schema:
    """Silver is the contract's typed columns with what is doubtful about the row."""
    for column in contract.columns:
        if not column.type:
            raise ContractError(
                f"{shown(contract.file)}: columns.{column.name}: has no type, and no term or base table"
            )
    typed = [pa.field(column.name, arrow_type(str(column.type))) for column in contract.columns]
    return pa.schema([*typed, *SYSTEM, pa.field("_flags", pa.list_(pa.string()))])


def quarantine_schema() -> pa.Schema:
    """Quarantine keeps the row as delivered with every reason against it."""
    row = pa.field("_row", pa.map_(pa.string(), pa.string()))
    return pa.schema([*SYSTEM, row, pa.field("_reasons", pa.list_(pa.string()))])


def table_schema(contract: Contract) -> pa.Schema:
    """The columns of a table of base, ops, themes or gold."""
    return pa.schema([pa.field(column.name, arrow_type(str(column.type))) for column in contract.columns])
