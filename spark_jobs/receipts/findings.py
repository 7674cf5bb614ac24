"""What rules say of rows flows in; how their department reads it, in its own headings, flows out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from schemas.contract import FeedContract
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery
from spark_jobs.receipts.advising import advice
from spark_jobs.receipts.signs import shown_value

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 20
# Rows of files of silver and quarantine, also of those that were written before there was a column `_page`.
ROWS = (
    "(select null::varchar as _page where false union all by name select * from read_parquet(?, union_by_name = true))"
)


def labels_of(contract: FeedContract, delivery: Delivery) -> dict[str, str]:
    """By contract column the department's own heading, else the standard's name."""
    return {column.name: column.label or column.name for column in contract.columns} | (delivery.columns or {})


def problem(labels: dict[str, str], finding: str) -> dict[str, str]:
    """One finding (`column: what is wrong: value`) in the department's words."""
    column, what, value = finding.split(": ", 2)
    return {"列": labels.get(column, "整行"), "问题": what, "值": shown_value(value)}


def advised(contract: FeedContract, labels: dict[str, str], finding: str) -> dict[str, str]:
    """The same, with what may be meant by a value that a code list does not know."""
    told = problem(labels, finding)
    column, what, value = finding.split(": ", 2)
    return {**told, "问题": what + advice(contract, column, what, value)}


@contextmanager
def sorter(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that sorts on disk what its memory cannot hold."""
    with _database(home).cursor() as connection:
        yield connection


@lru_cache(1)
def _database(home: Home) -> duckdb.DuckDBPyConnection:
    """Which takes longer to open than a small delivery's rows to sort."""
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": "128MB",
        "threads": "1",
        "temp_directory": str(home.state / "sorting"),
    }
    return duckdb.connect(config=settings)
