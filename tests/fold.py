"""Deliveries flow in; what a base table must come to flows out: the rules of merging as a plain fold, no engine.

Who states is a department by one of its feeds. A key stands while any source that counts states it: one of a change
feed until a deletion that is newer than its newest statement, one of a full feed until a later list that does not
mention the key, not even in a row that was not accepted. Where there is a registry, its feeds alone count. The newest
statement is the row (newest), or of each column the filled cell of the highest rank, and of these the newest (claims).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from schemas.characters import narrowed
from schemas.contract import Column, FeedContract, TableContract
from schemas.contract.feeding import stated_by
from tests.silver_rows import Row
from tests.statements import Sent

Key = tuple[Any, ...]
# What a derived expression comes to in a row: (delivery, line, expression) → value.
Derive = Callable[[str, int, str], Any]
# When something was said: its own time, batch, receipt, delivery and line.
Moment = tuple[datetime, str, datetime, str, int]


@dataclass(frozen=True)
class Statement:
    """A row that states a key or takes it back."""

    key: Key
    sent: Sent
    row: Row
    values: Row

    @property
    def source(self) -> tuple[str, str]:
        return self.sent.department, self.sent.feed.name

    @property
    def is_deletion(self) -> bool:
        return self.row.get("cd_operation") == "D"

    @property
    def moment(self) -> Moment:
        batch = self.row.get("cd_batch")
        time = self.row.get("cd_time") or self.sent.received
        place = self.sent.received, self.sent.name[:12], self.row["_line"]
        return (time, (batch or "").replace("\x1f", "").rjust(30, "0"), *place)


@dataclass(frozen=True)
class Fold:
    """A base table, the deliveries that were accepted, and what expressions over their rows come to."""

    table: TableContract
    sent: list[Sent]
    derive: Derive

    def rows(self) -> dict[Key, Row]:
        """What the table must hold of every key: contents, and when it was taken back."""
        keys: dict[Key, list[Statement]] = {}
        for statement in self.statements:
            keys.setdefault(statement.key, []).append(statement)
        contents = self._claimed if self.table.merge == "claims" else self._newest
        rows = {
            key: {**contents(own), "withdrawn_at": self._withdrawn_at(key, own)} | dict(self._named(key))
            for key, own in keys.items()
        }
        return self._ended(rows) if self.table.valid else rows

    def _ended(self, rows: dict[Key, Row]) -> dict[Key, Row]:
        """The rows with the last day of each: stated, or before its end, the next version, or its withdrawal."""
        valid = self.table.valid
        assert valid
        for key, row in rows.items():
            ends = self._next_versions(key, rows) if valid.each else []
            ends += [row[valid.to]] if valid.to and row[valid.to] else []
            ends += [row[valid.ended] - timedelta(days=1)] if valid.ended and row[valid.ended] else []
            if gone := row["withdrawn_at"]:
                ends.append((gone + timedelta(hours=8)).date() - timedelta(days=1))
            row["valid_until"] = min(ends, default=None)
        return rows

    def _next_versions(self, key: Key, rows: dict[Key, Row]) -> list[date]:
        """The last day before each later version of the same thing that ends this one."""
        valid, row = self.table.valid, rows[key]
        assert valid
        assert valid.from_
        thing = [row[name] for name in valid.each]
        return [
            other[valid.from_] - timedelta(days=1)
            for other_key, other in rows.items()
            if other[valid.from_] and [other[name] for name in valid.each] == thing
            if (other[valid.from_], other_key) > (row[valid.from_] or date.min, key)
            if row["withdrawn_at"] or not other["withdrawn_at"]
        ]

    @cached_property
    def statements(self) -> list[Statement]:
        """Rows that name a key; a deletion by a feed that may only claim says nothing."""
        made = [
            Statement(tuple(values[name] for name in self.table.key), sent, row, values)
            for sent in self.sent
            for row in sent.rows
            for values in [{column.name: self._stated(sent, row, column) for column in self.table.stated}]
        ]
        return [
            statement
            for statement in made
            if None not in statement.key and (self._counts(statement.sent.feed) or not statement.is_deletion)
        ]

    def _counts(self, feed: FeedContract) -> bool:
        return not self.table.registry or feed.name in self.table.registry

    def _stated(self, sent: Sent, row: Row, column: Column) -> Any:
        for name in stated_by(sent.feed, column):
            is_derived = name.startswith("(")
            value = (
                self.derive(sent.name, row["_line"], name)
                if is_derived
                else ({"_department": sent.department} | row).get(name)
            )
            if value is not None:
                return value
        return None

    def _newest(self, statements: list[Statement]) -> Row:
        stated = [statement for statement in statements if not statement.is_deletion]
        if not stated:
            return {column.name: None for column in self.table.stated}
        return max(stated, key=lambda statement: statement.moment).values

    def _claimed(self, statements: list[Statement]) -> Row:
        row: Row = {"sources": sorted({statement.sent.department for statement in statements})}
        stated = [statement for statement in statements if not statement.is_deletion]
        for column in self.table.stated:
            claims = [statement for statement in stated if statement.values[column.name] is not None]
            best = max(claims, key=lambda claim: (_rank(claim.sent, column), claim.moment), default=None)
            row[column.name] = best and best.values[column.name]
        counted = [statement for statement in stated if self._counts(statement.sent.feed)]
        newest = max(counted, key=lambda statement: statement.moment, default=None)
        return row | {"flags": newest and newest.row["_flags"]}

    def _withdrawn_at(self, key: Key, statements: list[Statement]) -> datetime | None:
        counted = [statement for statement in statements if self._counts(statement.sent.feed)]
        taken = [self._taken_back(key, source, counted) for source in {statement.source for statement in counted}]
        return None if not taken or None in taken else max(moment for moment in taken if moment)

    def _taken_back(self, key: Key, source: tuple[str, str], statements: list[Statement]) -> datetime | None:
        own = [statement for statement in statements if statement.source == source]
        stated = max((statement.moment for statement in own if not statement.is_deletion), default=None)
        if not own[0].sent.feed.is_snapshot:
            deleted = max((statement.moment for statement in own if statement.is_deletion), default=None)
            return deleted[0] if deleted and (stated is None or deleted > stated) else None
        assert stated
        lists = [sent for sent in self.sent if (sent.department, sent.feed.name) == source]
        later = [sent for sent in lists if sent.received > stated[0] and not self._mentions(sent, key)]
        return min((sent.received for sent in later), default=None)

    def _mentions(self, sent: Sent, key: Key) -> bool:
        """Whether a list holds a key, in whatever spelling and in whatever row."""
        spelled = self._spelled(key)
        if any(self._spelled(statement.key) == spelled for statement in self.statements if statement.sent is sent):
            return True
        plain = [(name, cell) for name, cell in self._named(spelled) if self._is_plain(name)]
        cells = [(stated_by(sent.feed, self.table.column(name))[0], cell) for name, cell in plain]
        return any(
            all(cell in _spelled(row["_row"]) if "_row" in row else _spelled(row[name]) == cell for name, cell in cells)
            for row in sent.rejected
        )

    def _spelled(self, key: Key) -> Key:
        return tuple(_spelled(cell) if self._is_plain(name) else cell for name, cell in self._named(key))

    def _named(self, key: Key) -> list[tuple[str, Any]]:
        return [*zip(self.table.key, key, strict=True)]

    def _is_plain(self, name: str) -> bool:
        column = self.table.column(name)
        return name != "department" and column.type == "string" and not column.codes


def _rank(sent: Sent, column: Column) -> int:
    """Whose word it is: the authority's own feed, the authority in a standard feed, anybody else."""
    if sent.department not in (column.authority or ()):
        return 0
    return 2 if sent.feed.department else 1


def _spelled(cell: str) -> str:
    return narrowed(cell).strip().upper()


def derived_expressions(table: TableContract, feed: FeedContract) -> Iterator[str]:
    """The expressions by which a feed states columns of a table that it does not have."""
    for column in table.stated:
        yield from (name for name in stated_by(feed, column) if name.startswith("("))
