"""The answers of one feed as a text file flow in, and as deliveries, rows and values; and back again.

The file is made to be read and to be compared line by line. A delivery begins with a line of its own: its headings, a
usual row with what it reads as, and its profile. Each line after it is a row: the cells in which it is not the usual
one, and either the values that were read with what is doubtful, or the reasons why it was turned away. A value that is
not named is the usual one where the cell is the usual one, else the very text of the cell.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).parent / "answers"
CONTRACTS = Path(__file__).parent / "contracts"
# When the deliveries are received: one o'clock at night in China, and still the day before in UTC.
RECEIVED = "2026-11-26T17:00:00+00:00"

# A typed value as text: dates and moments in UTC by ISO 8601, decimals with all their places; of a list its items.
Value = str | list[str] | None


@dataclass(frozen=True)
class Row:
    """A row as delivered, by column, or as one text (`raw`) where it is none; and what became of it.

    `typed` is None for a row that was turned away. `kept`: what quarantine holds of it, where that is not its cells.
    """

    line: int
    cells: Mapping[str, str]
    raw: str | None = None
    typed: Mapping[str, Value] | None = None
    flags: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    kept: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Delivery:
    """A file of a feed: under which heading it has which column, its usual row, its rows, and what was counted."""

    department: str
    file: str
    headings: Mapping[str, str]
    usual: Mapping[str, str]
    rows: list[Row]
    profile: Mapping[str, Any] = field(default_factory=dict)


def read_answers(path: Path) -> list[Delivery]:
    """The deliveries of a feed."""
    found: list[Delivery] = []
    usual_values: Mapping[str, Value] = {}
    # Not splitlines, which takes other signs than a line feed for the end of a line too.
    for text in filter(None, path.read_text(encoding="utf-8").split("\n")):
        entry = json.loads(text)
        if "file" in entry:
            usual_values = entry.pop("typed")
            found.append(Delivery(**entry, rows=[]))
        else:
            found[-1].rows.append(_whole(entry, found[-1], usual_values))
    return found


def _whole(entry: dict[str, Any], delivery: Delivery, usual_values: Mapping[str, Value]) -> Row:
    """A row with all its cells and values."""
    if "raw" in entry:
        return Row(cells={}, **entry)
    cells = {**delivery.usual, **entry.pop("cells")}
    if "reasons" in entry:
        return Row(cells=cells, **entry)
    named = {name: usual_values[name] for name in usual_values if cells.get(name) == delivery.usual.get(name)}
    return Row(cells=cells, typed={**cells, **named, **entry.pop("typed", {})}, **entry)


def write_answers(path: Path, deliveries: Iterable[Delivery]) -> None:
    """Writes the deliveries of a feed; the first row of each is the usual one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for one in deliveries for line in _lines(one)), encoding="utf-8")


def _lines(delivery: Delivery) -> Iterator[str]:
    first = delivery.rows[0].typed
    assert first is not None, f"{delivery.file}: the usual row was turned away: {delivery.rows[0].reasons}"
    usual_values = {name: value for name, value in first.items() if value != delivery.usual.get(name)}
    head = {"file": delivery.file, "department": delivery.department, "headings": delivery.headings}
    yield _json({**head, "usual": delivery.usual, "typed": usual_values, "profile": delivery.profile})
    yield from (_json(_short(row, delivery, usual_values)) for row in delivery.rows)


def _short(row: Row, delivery: Delivery, usual_values: Mapping[str, Value]) -> dict[str, Any]:
    """Of a row what is not usual."""
    kept = {} if row.kept is None else {"kept": row.kept}
    if row.raw is not None:
        return {"line": row.line, "raw": row.raw, "reasons": row.reasons, **kept}
    cells = {name: cell for name, cell in row.cells.items() if cell != delivery.usual.get(name)}
    if row.typed is None:
        return {"line": row.line, "cells": cells, "reasons": row.reasons, **kept}
    told = {**row.cells, **{name: value for name, value in usual_values.items() if name not in cells}}
    typed = {name: value for name, value in row.typed.items() if value != told.get(name)}
    flags = {"flags": row.flags} if row.flags else {}
    return {"line": row.line, "cells": cells, **({"typed": typed} if typed else {}), **flags}


def _json(entry: Mapping[str, Any]) -> str:
    """The entry on one line; signs that nobody sees are written as their numbers."""
    return "".join(map(_seen, json.dumps(entry, ensure_ascii=False)))


def _seen(sign: str) -> str:
    is_seen = sign.isprintable() and not unicodedata.combining(sign) and sign != "\N{REPLACEMENT CHARACTER}"
    return sign if is_seen else json.dumps(sign)[1:-1]


def differences(before: list[Delivery], after: list[Delivery]) -> Iterator[str]:
    """Whatever became otherwise: file, line, column, cell, what was answered and what is answered now."""
    for was, now in zip(before, after, strict=True):
        for figure in was.profile.keys() | now.profile.keys():
            if was.profile.get(figure) != now.profile.get(figure):
                yield f"{was.file}: {figure}: was {was.profile.get(figure)}, is {now.profile.get(figure)}"
        for old, new in zip(was.rows, now.rows, strict=True):
            yield from (f"{was.file} line {old.line}: {text}" for text in _row_differences(old, new, was.usual))


def _row_differences(was: Row, now: Row, usual: Mapping[str, str]) -> Iterator[str]:
    cells = was.raw or {name: cell for name, cell in was.cells.items() if cell != usual.get(name)}
    if was.line != now.line:
        yield f"{cells!r}: is line {now.line}"
    for what in ("reasons", "flags", "kept"):
        if getattr(was, what) != getattr(now, what):
            yield f"{what} of {cells!r}: was {getattr(was, what)!r}, is {getattr(now, what)!r}"
    if was.typed is None or now.typed is None:
        if was.typed is not now.typed:
            yield f"{cells!r}: was {_verdict(was)}, is {_verdict(now)}"
        return
    for name in was.typed.keys() | now.typed.keys():
        if was.typed.get(name) != now.typed.get(name):
            cell = was.cells.get(name)
            yield f"{name} {cell!r}: was {was.typed.get(name)!r}, is {now.typed.get(name)!r}"


def _verdict(row: Row) -> str:
    return "turned away" if row.typed is None else f"accepted as {dict(row.typed)!r}"
