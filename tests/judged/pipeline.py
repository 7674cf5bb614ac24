"""Deliveries flow in; what landing and judging make of them, as the pipeline runs them, flows out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from schemas.contract import feeds
from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone
from tests.judged.fixture import Delivery, Row, Value

Answered = dict[tuple[str, int], dict[str, Any]]


def judged(path: Path, sent: Mapping[str, list[Delivery]]) -> dict[str, list[Delivery]]:
    """The deliveries of each feed with what became of them, in a home of their own at that path."""
    home = Home(path)
    make_landing_zone(home)
    for feed, deliveries in sent.items():
        for one in deliveries:
            (home.landing / one.department / feeds()[feed].folder / one.file).write_bytes(_file(one).encode())
    pipeline.land(home)
    pipeline.conform(home)
    pipeline.validate(home)
    ledger = read(home.table("ops", "delivery")).to_pylist()
    names = {(row["feed"], row["department"], row["file_name"]): row for row in ledger}
    refused = [f"{row['file_name']}: {row['reason']}" for row in ledger if row["state"] not in ("accepted", "held")]
    assert not refused, refused
    return {
        feed: _answered(home, feed, {(one.department, one.file): one for one in deliveries}, names)
        for feed, deliveries in sent.items()
    }


def _file(delivery: Delivery) -> str:
    """The text of the file; what is no row stands in it as it is."""
    headings = {heading: name for name, heading in reversed([*delivery.headings.items()])}
    order = [*dict.fromkeys(delivery.headings.values())]
    if delivery.file.endswith(".json"):
        return "".join(f"{_json_row(row, order, headings)}\n" for row in delivery.rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # which ends lines by CR LF, and so quotes cells that hold either
    writer.writerow(order)
    for row in delivery.rows:
        if row.raw is None:
            writer.writerow([row.cells[headings[heading]] for heading in order])
        else:
            text.write(f"{row.raw}\r\n")
    return text.getvalue()


def _json_row(row: Row, order: list[str], headings: dict[str, str]) -> str:
    if row.raw is not None:
        return row.raw
    return json.dumps({heading: row.cells[headings[heading]] for heading in order}, ensure_ascii=False)


def _answered(
    home: Home,
    feed: str,
    sent: Mapping[tuple[str, str], Delivery],
    ledger: Mapping[tuple[str, str, str], dict[str, Any]],
) -> list[Delivery]:
    """The deliveries of one feed; their rows and bronze's have one order."""
    layers = {layer: _rows(home, layer, feed) for layer in ("bronze", "silver", "quarantine")}
    answered = []
    for (department, file), one in sent.items():
        entry = ledger[feed, department, file]
        lines = sorted(line for delivery, line in layers["bronze"] if delivery == entry["_delivery"])
        places = [(entry["_delivery"], line) for line in lines]
        rows = [_answer(row, place, one.headings, layers) for row, place in zip(one.rows, places, strict=True)]
        answered.append(replace(one, rows=rows, profile=_profile(home, feed, entry)))
    return answered


def _rows(home: Home, layer: str, feed: str) -> Answered:
    """The rows of a table by delivery and line, each of which may stand there once only."""
    rows = read(home.table(layer, feed)).to_pylist()
    found = {(row["_delivery"], row["_line"]): row for row in rows}
    assert len(found) == len(rows), f"{layer}.{feed}: a row stands there twice"
    return found


def _answer(row: Row, place: tuple[str, int], headings: Mapping[str, str], layers: Mapping[str, Answered]) -> Row:
    """What became of one row: it is in silver or in quarantine, and in one of them only."""
    silver, quarantine = layers["silver"].get(place), layers["quarantine"].get(place)
    assert (silver is None) != (quarantine is None), f"{place}: in both layers or in none"
    if quarantine is None:
        assert silver is not None
        values = {name: _text(value) for name, value in silver.items() if not name.startswith("_")}
        # A column that nobody delivered is named where it holds something all the same.
        typed = {name: value for name, value in values.items() if name in headings or value is not None}
        return replace(row, line=place[1], typed=typed, flags=silver["_flags"], reasons=[], kept=None)
    delivered = layers["bronze"][place]
    cells = {name: delivered[name] for name in delivered if name in headings and delivered[name] is not None}
    whole = cells if delivered["_raw"] is None else {"_row": delivered["_raw"]}
    kept = dict(quarantine["_row"])
    reasons = quarantine["_reasons"]
    return replace(row, line=place[1], typed=None, flags=[], reasons=reasons, kept=None if kept == whole else kept)


def _text(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str | list):
        return value
    return repr(value)


def _profile(home: Home, feed: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What was counted of a delivery: rows, keys that stand more than once, and of each column what is filled."""
    chosen = [("_delivery", "=", entry["_delivery"])]
    columns = {row["column_name"]: row for row in read(home.table("ops", "profile"), where=chosen).to_pylist()}
    verdicts = read(home.table("ops", "expectation"), where=chosen).to_pylist()
    counted = {name: entry[name] for name in ("rows_accepted", "rows_doubtful", "rows_quarantined")}
    doubled = next(row["observed"] for row in verdicts if row["expectation"] == "duplicate_keys")
    names = [column.name for column in feeds()[feed].columns]
    return {
        **counted,
        "duplicate_keys": doubled,
        "filled": {name: columns[name]["filled"] for name in names},
        "codes": {name: dict(sorted(columns[name]["codes"])) for name in names if columns[name]["codes"]},
    }
