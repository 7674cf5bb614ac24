"""Contracts and a seed flow in; random deliveries of every feed into base flow out, as judging would have left them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from schemas.contract import Column, FeedContract, code_list, deliverers, fed_tables, feeds, terms
from spark_jobs.lake.columns import quarantine_schema, silver_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, record
from spark_jobs.lake.tables import append
from tests.silver_rows import Row

START = datetime(2026, 1, 1, tzinfo=UTC)
# One division of today, one of before 2020, and the province, which is in no prefecture.
REGIONS = ["420100", "421023", "420000"]
# Texts of keys are as long as a USCC and name a division as it does; some differ in how they are written only.
KEYS = [f"91{region}MA4K00000{number}" for number, region in enumerate([*REGIONS, "420502", "421088"])]
KEYS += [key.lower() for key in KEYS[:3]]
ENVELOPES = ["none", "batch", "time", "time", "time", "time and batch", "time and batch"]


@dataclass(frozen=True)
class Sent:
    """A delivery: its accepted rows, and those that were not, as their department delivered them."""

    feed: FeedContract
    department: str
    received: datetime
    rows: tuple[Row, ...]
    rejected: tuple[Row, ...] = ()
    is_held: bool = False

    @property
    def name(self) -> str:
        """Its identity."""
        return hashlib.sha256(f"{self.feed.name} {self.department} {self.received}".encode()).hexdigest()


def deliveries(seed: int) -> list[Sent]:
    """Three of each of two departments of every feed into base, in a drawn order; one in nine is never released."""
    draw = random.Random(seed)
    sent = [
        _delivery(draw, feed, department, START + timedelta(minutes=draw.randrange(60_000)))
        for feed in feeds().values()
        if feed.into
        for department in deliverers(feed)[:2]
        for _ in range(3)
    ]
    sent = [replace(one, is_held=draw.random() < 0.11) for one in {one.name: one for one in sent}.values()]
    draw.shuffle(sent)
    return sent


def _delivery(draw: random.Random, feed: FeedContract, department: str, received: datetime) -> Sent:
    if not feed.is_snapshot:
        envelope = draw.choice(ENVELOPES)
        rows = [_changed(draw, feed, envelope) for _ in range(10)]
        return Sent(feed, department, received, tuple(_lined(rows)))
    stated = [_row(draw, feed) for _ in range(draw.randrange(1, 5))]
    rejected = [_as_typed(draw, feed) for _ in range(draw.randrange(2))]
    rejected += [{"_row": "，".join(["样本", *_as_typed(draw, feed).values()])} for _ in range(draw.randrange(2))]
    return Sent(feed, department, received, tuple(_lined(stated)), tuple(rejected))


def _lined(rows: Iterable[Row]) -> Iterator[Row]:
    return ({**row, "_line": line} for line, row in enumerate(rows, 2))


def _row(draw: random.Random, feed: FeedContract) -> Row:
    keys = key_cells(feed)
    return {column.name: _cell(draw, column, keys) for column in feed.columns if not column.name.startswith("cd_")} | {
        "_flags": draw.choice([[], ["甲: 存疑"], ["乙: 存疑", "丙: 存疑"]])
    }


def _changed(draw: random.Random, feed: FeedContract, envelope: str) -> Row:
    """A row of a change feed; one that deletes mostly holds its key and its envelope only."""
    row = _row(draw, feed)
    if "batch" in envelope:
        row["cd_batch"] = draw.choice(["9", "10", "2026010100002", "一\x1f二"])
    if "time" in envelope:
        # So few moments that many rows share one; none of them is a moment of receipt.
        row["cd_time"] = START + timedelta(days=draw.randrange(60), microseconds=7)
        row["cd_operation"] = draw.choices(["I", "U", "D", None], [2, 3, 5, 1])[0]
        if row["cd_operation"] == "D" and draw.random() < 0.7:
            kept = {*feed.key, "_flags", "cd_batch", "cd_time", "cd_operation"}
            return {name: cell for name, cell in row.items() if name in kept}
    return row


def key_cells(feed: FeedContract) -> set[str]:
    """The columns of a feed that the keys of its base tables are read from."""
    names = {name for table in feed.into for key in fed_tables()[table].key for name in _read_for(table, key)}
    return names & {column.name for column in feed.columns}


def _read_for(table: str, key: str) -> Iterator[str]:
    for name in fed_tables()[table].column(key).of or (key,):
        yield name
        yield from terms().get(name, {}).get("derived", {}).get("reads", ())


def _as_typed(draw: random.Random, feed: FeedContract) -> Row:
    """The key of a bad row as people type it: full-width digits, space around it, in small letters."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    texts = {column.name: str(_cell(draw, column, key_cells(feed))) for column in feed.columns}
    return {name: f" {draw.choice([text, text.lower(), text.translate(wide)])} " for name, text in texts.items()}


def _cell(draw: random.Random, column: Column, keys: set[str]) -> Any:
    if not (column.required or column.name in keys) and draw.random() < 0.25:
        return None
    if column.codes:
        code = draw.choice(REGIONS if column.codes == "region" else [code.code for code in code_list(column.codes)[:2]])
        return [code] if column.type == "list" else code
    is_key = column.name in keys
    number = draw.randrange(2 if is_key else 1000)
    values = {
        "date": lambda: date(2026, 1, 1) + timedelta(days=number),
        "timestamp": lambda: START + timedelta(hours=number, microseconds=number),
        "integer": lambda: int(column.min or 0) + number,
        "double": lambda: number / 8,
        "boolean": lambda: number % 2 == 0,
        "list": lambda: [f"甲{number}", '乙"|\\'][: 1 + number % 2],
        "string": lambda: (
            draw.choice(KEYS) if is_key else f"{column.name} {number}" + draw.choice(["", "\x1f|", "'\n"])
        ),
    }
    kind = str(column.type)
    if kind.startswith("decimal"):
        places = int(kind.rpartition(",")[2].rstrip(")"))
        return (Decimal(number * 25) / 100).quantize(Decimal(1).scaleb(-places))
    return values[kind]()


def write(home: Home, sent: list[Sent]) -> None:
    """What judging would have written of these deliveries, one commit a table."""
    for feed in {one.feed.name: one.feed for one in sent}.values():
        own = [one for one in sent if one.feed.name == feed.name]
        rows = [{**_system(one), **row} for one in own for row in one.rows]
        append(home.table("silver", feed.name), pa.Table.from_pylist(rows, schema=silver_schema(feed)))
        bad = [{**_system(one), "_row": [*row.items()]} for one in own for row in one.rejected]
        append(home.table("quarantine", feed.name), pa.Table.from_pylist(bad, schema=quarantine_schema()))
    record(home, [_ledger_row(one) for one in sent])


def _system(one: Sent) -> Row:
    return {"_delivery": one.name, "_department": one.department, "_received_at": one.received}


def _ledger_row(one: Sent) -> Delivery:
    state, feed = "held" if one.is_held else "accepted", one.feed.name
    made = Delivery(one.name, one.department, feed, feed, f"{one.name[:8]}.csv", 0, one.received, state=state)
    return replace(made, rows_accepted=len(one.rows))
