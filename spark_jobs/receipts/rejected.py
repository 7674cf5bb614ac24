"""Quarantined rows flow in; the file with rejected rows and reasons flows out, and their sum for the receipt."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from schemas.contract import Contract
from spark_jobs.home import Home
from spark_jobs.ledger import Delivery
from spark_jobs.text_mark import REJECTED_HEADINGS, marked

EXAMPLES = 20
ROWS_AT_ONCE = 5_000


def quarantined(
    home: Home, feed: str, deliveries: dict[str, Delivery]
) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """The rejected rows of each delivery in the order of their lines; sorted on disk when they are many."""
    import duckdb

    since = min(delivery.received_at for delivery in deliveries.values())
    # Cast, because in files that a delete has written again text is string_view, which Arrow cannot compare.
    wanted = ds.field("_delivery").cast(pa.string()).isin(list(deliveries)) & (ds.field("_received_at") >= since)
    table = DeltaTable(home.table("quarantine", feed)).to_pyarrow_dataset()
    columns = ["_delivery", "_line", "_row", "_reasons"]
    rejected = table.scanner(columns=columns, filter=wanted, batch_size=ROWS_AT_ONCE, batch_readahead=1).to_reader()
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": "256MB",
        "threads": "1",
        "temp_directory": str(home.state / "sorting"),
    }
    with duckdb.connect(config=settings) as sorter:
        sorter.register("rejected", rejected)
        ordered = sorter.sql("select * from rejected order by _delivery, _line").to_arrow_reader(ROWS_AT_ONCE)
        rows = (row for batch in ordered for row in batch.to_pylist())
        yield from groupby(rows, key=lambda row: str(row["_delivery"]))


@dataclass
class Rejected:
    """What a receipt says of rejected rows."""

    file: Path | None = None
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[dict[str, object]] = field(default_factory=list)


def write_rejected(path: Path, contract: Contract, delivery: Delivery, rows: Iterable[dict[str, Any]]) -> Rejected:
    """The rows as delivered, in the file's own columns, then line and reasons; UTF-8 with BOM, CRLF, all quoted.

    Columns that the contract ignores are not in it: to read them, the department's file would have to be parsed again.
    """
    labels = {column.name: column.label or column.name for column in contract.columns} | (delivery.columns or {})
    # One heading may be read into two columns, an amount and its currency.
    columns = list({labels[name]: name for name in delivery.columns or labels}.values())
    text = {column.name: column.type in ("string", "list") and not column.parse for column in contract.columns}
    rejected = Rejected(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([*(marked(labels[name]) for name in columns), *REJECTED_HEADINGS])
        for row in rows:
            cells = dict(row["_row"])
            problems = [_problem(labels, reason) for reason in row["_reasons"]]
            reasons = "；".join(f"{p['列']}：{p['问题']}（{p['值']}）" for p in problems)
            kept = [marked(cells.get(name) or "", text[name]) for name in columns]
            writer.writerow([*kept, row["_line"], marked(reasons)])
            rejected.counted.update((p["列"], p["问题"]) for p in problems)
            room = EXAMPLES - len(rejected.examples)
            rejected.examples += [{"行": row["_line"], **p} for p in problems[:room]]
    temporary.replace(path)
    return rejected


def _problem(labels: dict[str, str], reason: str) -> dict[str, str]:
    """One reason with the department's own heading, else the standard's name for the column."""
    column, what, value = reason.split(": ", 2)
    return {"列": labels.get(column, "整行"), "问题": what, "值": value}
