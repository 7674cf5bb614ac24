"""Contracts of base tables flow in; the dbt unit test that every rendered model must pass flows out.

One test a table holds all cases, since a test costs half a second whatever it holds. Each case has a key of its own,
and where keys are text they name the case, so that a difference says what does not hold. A table of many feeds has a
test for every few of them: planned together, 16 feeds cost 26 s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

from dbt_project.render.base import base_facts, mergeable
from schemas.contract import Column, FeedContract, TableContract, code_list, deliverers
from schemas.contract.feeding import stated_by

Row = dict[str, Any]
# Behind `statements_about_<table>`: dbt keeps what a test expects under the test's name, and runs several at once.
NAME = "_come_to_what_stands"
# When rows with an envelope were true at their source: between the first and the second delivery.
EARLIER, LATER = datetime(2026, 1, 10, 8), datetime(2026, 1, 20, 8)
FIRST, SECOND, HELD = 1, 2, 3
# Feeds that speak in one test.
AT_ONCE = 4


@dataclass(frozen=True)
class Source:
    """A department by one of its feeds; `number` keeps the receipts of several sources apart.

    `cells`: the feed's column that holds each column of the key, without the department.
    """

    feed: FeedContract
    department: str
    number: int
    cells: dict[str, str]
    is_counted: bool

    def delivery(self, nth: int) -> str:
        """The name of one of its three deliveries."""
        return f"{self.number}-{nth}"

    def received(self, nth: int) -> datetime:
        """When that delivery came."""
        return datetime(2026, nth, 1) + timedelta(minutes=self.number)


@dataclass
class Cases:
    """The rows that a test gives and those that it expects; `value` is the column that tells statements apart."""

    contract: TableContract
    value: str | None
    silver: dict[str, list[Row]] = field(default_factory=dict)
    rejected: dict[str, list[tuple[str, Row]]] = field(default_factory=dict)
    ledger: dict[str, Row] = field(default_factory=dict)
    expected: list[Row] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def add_source(self, source: Source) -> None:
        """What holds of a source's statements, of its deletions and of its lists, whoever else speaks."""
        self._newest(source)
        if source.feed.is_snapshot:
            self._lists(source)
        else:
            self._deletions(source)

    def _newest(self, source: Source) -> None:
        case = f"newest of {source.feed.name}"
        for nth, value in ((SECOND, "newest"), (FIRST, "older"), (HELD, "held")):
            self._state(source, nth, case, value)
        self._expect(source, case, "newest", None)

    def _deletions(self, source: Source) -> None:
        """What deletes is received before what it deletes; its own time says that it came after."""
        feed = source.feed.name
        self._state(source, SECOND, f"deleted in {feed}", "stated", EARLIER)
        self._delete(source, FIRST, f"deleted in {feed}", LATER)
        self._expect(source, f"deleted in {feed}", "stated", LATER if source.is_counted else None)
        self._state(source, FIRST, f"stated again in {feed}", "stated", LATER)
        self._delete(source, SECOND, f"stated again in {feed}", EARLIER)
        self._expect(source, f"stated again in {feed}", "stated", None)
        self._delete(source, SECOND, f"only deleted in {feed}", LATER)
        if source.is_counted:
            self._expect(source, f"only deleted in {feed}", None, LATER)

    def _lists(self, source: Source) -> None:
        feed = source.feed.name
        for case in (f"left out of {feed}", f"in a bad row of {feed}", f"in a row of {feed} without cells"):
            self._state(source, FIRST, case, "stated")
            is_left_out = case.startswith("left out") and source.is_counted
            self._expect(source, case, "stated", source.received(SECOND) if is_left_out else None)
        cells = self._key_cells(source, f"in a bad row of {feed}")
        self._reject(source, {name: f" {cell}" for name, cell in cells.items() if isinstance(cell, str)})
        cells = self._key_cells(source, f"in a row of {feed} without cells")
        self._reject(source, {"_row": "，".join(["样本", *(str(cell) for cell in cells.values())])})

    def add_pair(self, one: Source, other: Source) -> None:
        """A key stands until all its sources have taken it back, which they have when the last one did."""
        for source in (one, other):
            for case in ("taken back by one of two sources", "taken back by both sources"):
                self._state(source, FIRST, case, "stated", None if source.feed.is_snapshot else EARLIER)
        self._take_back(one, "taken back by one of two sources")
        self._expect(one, "taken back by one of two sources", "stated", None)
        if other.feed.is_snapshot:
            self._state(other, SECOND, "taken back by one of two sources", "stated")
        moments = [self._take_back(source, "taken back by both sources") for source in (one, other)]
        self._expect(one, "taken back by both sources", "stated", max(moments))

    def _take_back(self, source: Source, case: str) -> datetime:
        if source.feed.is_snapshot:
            self._deliver(source)
            return source.received(SECOND)
        moment = LATER + timedelta(minutes=source.number)
        self._delete(source, SECOND, case, moment)
        return moment

    def _state(self, source: Source, nth: int, case: str, value: str | None, at: datetime | None = None) -> None:
        row: Row = {_cell(source.feed, self.contract.column(self.value)): value} if self.value else {}
        self._add(source, nth, case, row | ({"cd_operation": "U", "cd_time": at} if at else {}))

    def _delete(self, source: Source, nth: int, case: str, at: datetime) -> None:
        self._add(source, nth, case, {"cd_operation": "D", "cd_time": at})

    def _add(self, source: Source, nth: int, case: str, row: Row) -> None:
        self._deliver(source)
        rows = self.silver.setdefault(source.feed.name, [])
        system = {"_delivery": source.delivery(nth), "_department": source.department, "_line": len(rows) + 2}
        rows.append({**system, "_received_at": source.received(nth), **self._key_cells(source, case), **row})

    def _reject(self, source: Source, row: Row) -> None:
        self.rejected.setdefault(source.feed.name, []).append((source.delivery(SECOND), row))

    def _deliver(self, source: Source) -> None:
        for nth, state in ((FIRST, "accepted"), (SECOND, "accepted"), (HELD, "held")):
            row = {"_delivery": source.delivery(nth), "feed": source.feed.name, "department": source.department}
            self.ledger[source.delivery(nth)] = {**row, "received_at": source.received(nth), "state": state}

    def _expect(self, source: Source, case: str, value: str | None, withdrawn_at: datetime | None) -> None:
        row: Row = {name: source.department for name in self.contract.key if name not in source.cells}
        row |= {name: self._key(name, case) for name in source.cells}
        stated = {self.value: value} if self.value else {}
        self.expected.append({**row, **stated, "withdrawn_at": withdrawn_at})

    def _key_cells(self, source: Source, case: str) -> Row:
        return {cell: self._key(name, case) for name, cell in source.cells.items()}

    def _key(self, name: str, case: str) -> Any:
        """The case's key: its name, or where the column is no text something of its own by the case's number."""
        column = self.contract.column(name)
        number = self.numbers.setdefault(case, len(self.numbers))
        if column.codes:
            codes = code_list(column.codes)
            return codes[number % len(codes)].code
        if column.type in ("date", "timestamp"):
            return date(2026, 1, 1) + timedelta(days=number)
        return case if column.type == "string" else number


def unit_tests(contract: TableContract) -> Iterator[Row]:
    """The unit tests of a base table's model; none if no feed states all of its key as plain columns."""
    sources = list(_sources(contract))
    feeds = [*dict.fromkeys(source.feed.name for source in sources)]
    pair = next(_pairs(contract, sources), None)
    value = _value(contract, [source.feed for source in sources])
    for first in range(0, len(feeds), AT_ONCE):
        cases = Cases(contract, value)
        speaking = feeds[first : first + AT_ONCE]
        told = {source.feed.name: source for source in reversed(sources) if source.feed.name in speaking}
        for source in told.values():
            cases.add_source(source)
        if pair and not first:
            cases.add_pair(*pair)
        yield {
            "name": f"statements_about_{contract.table}{f'_{first}' if first else ''}{NAME}",
            "model": contract.table,
            "overrides": {"macros": {"is_incremental": False}, "vars": {"feeds": sorted(cases.silver)}},
            "given": [{"input": name, **rows} for name, rows in _given(contract, cases)],
            "expect": {"rows": cases.expected},
        }


def _sources(contract: TableContract) -> Iterator[Source]:
    """Two departments of each feed, where so many deliver it, if its rows can name any key."""
    counted = {source["feed"] for source in base_facts(contract)["sources"] if source["is_registry"]}
    number = 0
    for feed in mergeable(contract):
        cells = {name: _cell(feed, contract.column(name)) for name in contract.key}
        own = {name: cell for name, cell in cells.items() if cell != "_department"}
        names_any = all(cells.values()) and any(not contract.column(name).codes for name in own)
        for department in deliverers(feed)[:2] if names_any else ():
            yield Source(feed, department, number, own, feed.name in counted)
            number += 1


def _pairs(contract: TableContract, sources: list[Source]) -> Iterator[tuple[Source, Source]]:
    """Sources that can state the same key, and say whether it is there."""
    for one, other in combinations([source for source in sources if source.is_counted], 2):
        if "department" not in contract.key or one.department == other.department:
            yield one, other


def _cell(feed: FeedContract, column: Column) -> str:
    """The feed's column that states a base column as it is; empty if it must be derived."""
    return next((stated for stated in stated_by(feed, column) if not stated.startswith("(")), "")


def _value(contract: TableContract, feeds: list[FeedContract]) -> str | None:
    """A column of text that all feeds state and nothing else is made of."""
    places = {place for column in contract.columns for place in column.place}
    for column in contract.stated:
        is_own = column.name not in {*contract.key, *places} and not column.is_current and column.type == "string"
        cells = [_cell(feed, column) for feed in feeds]
        keys = {_cell(feed, contract.column(name)) for feed in feeds for name in contract.key}
        is_stated = all(cell and not cell.startswith("_") for cell in cells)  # not who delivered it
        if is_own and is_stated and not keys & {*cells}:
            return column.name
    return None


def _given(contract: TableContract, cases: Cases) -> Iterator[tuple[str, Row]]:
    """Everything that the model reads."""
    yield "source('ops', 'delivery')", {"rows": [*cases.ledger.values()]}
    codes = {"region" for column in contract.columns if column.place}
    codes |= {column.lookup.table for column in contract.columns if column.lookup}
    yield from ((f"source('codes', '{name}')", {"rows": []}) for name in sorted(codes))
    for source in base_facts(contract)["sources"]:
        feed = source["feed"]
        if feed not in cases.silver:
            continue
        yield f"source('silver', '{feed}')", {"rows": cases.silver[feed]}
        if source["mode"] == "full" and source["is_registry"]:
            yield f"source('quarantine', '{feed}')", _rejected(cases.rejected.get(feed, []))


def with_all_inputs(contract: TableContract, test: Row) -> Row:
    """A written test with those inputs that it leaves out, each without a row; other feeds are not read."""
    feeds = [feed for given in test["given"] for feed in re.findall(r"source\('silver', '(\w+)'\)", given["input"])]
    cases = Cases(contract, None, silver={feed: [] for feed in feeds})
    named = {one["input"] for one in test["given"]}
    missing = [{"input": name, "rows": []} for name, _ in _given(contract, cases) if name not in named]
    overrides = {**test["overrides"], "vars": {**test["overrides"].get("vars", {}), "feeds": feeds}}
    return test | {"overrides": overrides, "given": [*test["given"], *missing]}


def _rejected(rows: list[tuple[str, Row]]) -> Row:
    """Rows of quarantine, whose cells lie in a map, which only SQL can write."""
    if not rows:
        return {"rows": []}
    written = []
    for delivery, row in rows:
        cells = ", ".join(f"'{name}', '{cell}'" for name, cell in row.items())
        written.append(f"select '{delivery}' as _delivery, map({cells}) as _row")
    return {"format": "sql", "rows": "\nunion all ".join(written)}
