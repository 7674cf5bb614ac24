"""Quarantined rows flow in; the file with rejected rows and reasons flows out, and their sum for the receipt."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple

from schemas.contract import FeedContract
from spark_jobs.lake.columns import place
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery
from spark_jobs.lake.tables import files_since
from spark_jobs.lake.text_mark import LOOSE_CELLS, MENDED, REJECTED_NOTES, marked
from spark_jobs.lake.whole import writing
from spark_jobs.receipts.findings import EXAMPLES, ROWS, advised, labels_of, problem, sorter
from spark_jobs.receipts.loose import SEPARATORS, loose_cells

ROWS_AT_ONCE = 5_000
# Rows of which each value is told what may be meant by it: a look at a long list takes milliseconds.
ADVISED = 1_000
# A row that could not be split into cells, and into how many it may fall apart.
WHOLE = "_row['_row']"
LOOSE = f"1 + length(regexp_replace({WHOLE}, '[^{SEPARATORS}]', '', 'g'))"
# Characters of a row that landing keeps (RAW_SHOWN in landing/formats): of a longer one the end is missing.
KEPT = 1_000


class Row(NamedTuple):
    """A rejected row: where it stands in its file, and its `cells` as delivered, by contract column.

    `whole`: the row, if it could not be split into them.

    `loose`: into how many cells any such row of the delivery may fall apart.
    """

    delivery: str
    place: int | str
    reasons: list[str]
    cells: dict[str, str | None]
    whole: str | None = None
    loose: int = 0


def quarantined(
    home: Home, contract: FeedContract, deliveries: dict[str, Delivery]
) -> Iterator[tuple[str, Iterator[Row]]]:
    """The rejected rows of each delivery in the order of their lines; sorted on disk when they are many."""
    path = home.table("quarantine", contract.name)
    since = min(delivery.received_at for delivery in deliveries.values())
    files = [str(file) for file in files_since(path, "_received_at", since)]
    if not files:
        return
    names = list(
        dict.fromkeys(
            [column.name for column in contract.columns]
            + [name for one in deliveries.values() for name in (*(one.columns or ()), *(one.stored or {}).values())]
        )
    )
    cells = ", ".join("_row['{}']".format(name.replace("'", "''")) for name in names)
    with sorter(home) as reader:
        ordered = reader.execute(
            f"select _delivery, _line, _page, _reasons, {WHOLE}, max({LOOSE}) over (partition by _delivery), {cells}"
            f" from {ROWS} where _delivery in (select unnest(?)) order by _delivery, _line",
            [files, list(deliveries)],
        ).to_arrow_reader(ROWS_AT_ONCE)
        rows = (
            Row(delivery, place(line, page), reasons, dict(zip(names, values, strict=True)), whole, loose or 0)
            for batch in ordered
            for delivery, line, page, reasons, whole, loose, *values in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            )
        )
        yield from groupby(rows, key=lambda row: row.delivery)


@dataclass
class Rejected:
    """What a receipt says of rejected rows."""

    file: Path | None = None
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[dict[str, object]] = field(default_factory=list)


def write_rejected(path: Path, contract: FeedContract, delivery: Delivery, rows: Iterable[Row]) -> Rejected:
    """The rows as delivered, in the file's own columns, then line and reasons; UTF-8 with BOM, CRLF, all quoted.

    A row that could not be split into these columns has its cells behind the reasons, to be moved to where they belong.
    Columns that the contract ignores are not in it: to read them, the department's file would have to be parsed again.
    """
    labels = labels_of(contract, delivery)
    # One heading may be read into two columns, an amount and its currency.
    columns = list({labels[name]: name for name in delivery.columns or labels if name != MENDED}.values())
    text = {column.name: column.type in ("string", "list") and not column.parse for column in contract.columns}
    rejected = Rejected(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    left = iter(rows)
    first = next(left, None)
    loose = min(first.loose, len(LOOSE_CELLS)) if first else 0
    with writing(path) as part, part.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([*(marked(labels[name]) for name in columns), *REJECTED_NOTES, *LOOSE_CELLS[:loose]])
        for number, row in enumerate(chain([first] if first else [], left)):
            told = [problem(labels, reason) for reason in row.reasons]
            problems = [advised(contract, labels, reason) for reason in row.reasons] if number < ADVISED else told
            kept = [marked(_cell(name, row, delivery), text.get(name, True)) for name in columns]
            apart = [marked(cell) for cell in loose_cells(row.whole, len(columns))] if row.whole is not None else []
            reasons = _to_mend(row.whole, problems) if row.whole is not None else _said(problems)
            writer.writerow([*kept, row.place, marked(reasons), *apart, *[""] * (loose - len(apart))])
            rejected.counted.update((p["列"], p["问题"]) for p in told)
            room = EXAMPLES - len(rejected.examples)
            rejected.examples += [{"行": row.place, **p} for p in problems[:room]]
    return rejected


def _cell(column: str, row: Row, delivery: Delivery) -> str:
    """A cell of a row, which may have been judged before its column got another name."""
    return row.cells[column] or row.cells[(delivery.stored or {}).get(column, column)] or ""


def _said(problems: Iterable[dict[str, str]]) -> str:
    return "；".join(f"{p['列']}：{p['问题']}（{p['值']}）" for p in problems)


def _to_mend(whole: str, problems: Iterable[dict[str, str]]) -> str:
    """Why a whole row was turned away, and how it is mended here."""
    why = "；".join(f"{p['列']}：{p['问题']}" for p in problems)
    if len(whole) > KEPT:
        return f"{why}。此行过长，右侧只有前 {KEPT} 个字，请在原文件中更正"
    return f"{why}。请把右侧“{LOOSE_CELLS[0]}”起的各格移到所属的列"
