"""Random statements about every base table, delivered in a random order: each ends as the rules say, built in any way.

The repository's base tables and those of tests/contracts, all in one lake a seed; LAKEWARDEN_TEST_SEEDS=20 tries 20.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dbt_project.render.unit_tests import NAME
from schemas.contract import TableContract, contracts, fed_tables, terms
from schemas.contract.lint import lint
from spark_jobs.building.base import build_base
from spark_jobs.building.dbt import run_unit_tests
from spark_jobs.building.flows import hop_into
from spark_jobs.engine.session import query
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.crash.alike import leftovers
from tests.fold import Fold, Key, derived_expressions
from tests.silver_rows import Row, lake
from tests.statements import Sent, deliveries, write

CONTRACTS = Path(__file__).parent / "contracts"
TABLES = sorted({*(table.table for table in fed_tables().values()), *(p.stem for p in CONTRACTS.glob("base/*.yaml"))})
MERGED = sorted({*TABLES} - {table.table for table in fed_tables().values() if table.rolls_up})
FIRST_SEED = 20261126
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("LAKEWARDEN_TEST_SEEDS", "1")))
Held = dict[Key, Row]


@dataclass
class Ending:
    """What a seed came to: the base tables grown build by build, rebuilt in full, and as the rules say."""

    seed: int
    home: Home
    sent: list[Sent]
    parked: list[str]
    hops: list[Row]
    grown: dict[str, Held]
    rebuilt: dict[str, Held]
    expected: dict[str, Held]


@pytest.fixture(scope="module")
def _contracts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEWARDEN_SCHEMAS", str(CONTRACTS))
        _forget()
        yield
    _forget()


def _forget() -> None:
    terms.cache_clear()
    contracts.cache_clear()


@pytest.fixture(scope="module", params=SEEDS)
def ending(
    _contracts: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ending]:
    seed = request.param
    sent = deliveries(seed)
    with lake(tmp_path_factory.mktemp("base_tables")) as home:
        parked = []
        for some in _pieces(seed, sent):
            write(home, some)
            parked += build_base(home).parked
        grown, hops = _held(home), read(home.table("ops", "reconciliation")).to_pylist()
        build_base(home, full=True)
        merged = [table for table in fed_tables().values() if table.merge]
        expected = {table.table: _expected(home, table, sent) for table in merged}
        yield Ending(seed, home, sent, parked, hops, grown, _held(home), expected)


def _pieces(seed: int, sent: list[Sent]) -> list[list[Sent]]:
    """The deliveries in their order, cut into three builds."""
    first, second = sorted(random.Random(seed).sample(range(1, len(sent)), 2))
    return [sent[:first], sent[first:second], sent[second:]]


def _held(home: Home) -> dict[str, Held]:
    return {
        table.table: _by_key(table, read(home.table(table.layer, table.table)).to_pylist())
        for table in fed_tables().values()
    }


def _by_key(table: TableContract, rows: list[Row]) -> Held:
    held = {tuple(row[name] for name in table.key): {name: _plain(cell) for name, cell in row.items()} for row in rows}
    assert len(held) == len(rows), f"{table.name}: keys are shared"
    return held


def _plain(cell: Any) -> Any:
    """Entries of a map in one order."""
    return sorted(cell) if isinstance(cell, list) and cell and isinstance(cell[0], tuple) else cell


def _expected(home: Home, table: TableContract, sent: list[Sent]) -> Held:
    accepted = [one for one in sent if not one.is_held and table.table in one.feed.into]
    derived = {}
    for feed in {one.feed.name: one.feed for one in accepted}.values():
        for sql in {*derived_expressions(table, feed)}:
            rows = query(home, f"select _delivery, _line, {sql} from silver.{feed.name}").collect()
            derived |= {(row[0], row[1], sql): _in_utc(row[2]) for row in rows}
    return _with_places(home, table, Fold(table, accepted, lambda *place: derived[place]).rows())


def _in_utc(value: Any) -> Any:
    """A moment as tables give it: the engine gives one of the session's zone, UTC, without saying so."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _with_places(home: Home, table: TableContract, rows: Held) -> Held:
    """The columns that follow from a place or a code, by the tables of codes, or from a moment."""
    lists = {"region", *(column.lookup.table for column in table.columns if column.lookup)}
    codes = {name: {row["code"]: row for row in read(home.table("codes", name)).to_pylist()} for name in lists}
    for row in rows.values():
        spoken = dict(row)
        for column in table.columns:
            if column.place:
                names = [
                    spoken[name][2:8] if spoken[name] and name == "object_id" else spoken[name] for name in column.place
                ]
                cities = [codes["region"].get(name, {}).get("city_code") for name in names]
                row[column.name] = next((city for city in cities if city), None)
            if column.day_of:
                row[column.name] = (spoken[column.day_of] + timedelta(hours=8)).date()
            if column.lookup:
                found = codes[column.lookup.table].get(spoken[column.lookup.by], {})
                row[column.name] = found.get(column.lookup.give)
            if column.is_current:
                today = codes["region"].get(spoken[column.name], {}).get("current_code")
                row[column.name] = today or spoken[column.name]
    return rows


@pytest.mark.usefixtures("_contracts")
def test_the_contracts_of_the_samples_hold_to_the_lint() -> None:
    assert lint() == []


@pytest.mark.parametrize("table", MERGED)
def test_statements_in_any_order_come_to_what_the_rules_say(ending: Ending, table: str) -> None:
    grown, expected = ending.grown[table], ending.expected[table]
    assert grown.keys() == expected.keys(), f"seed {ending.seed}"
    for key, row in expected.items():
        assert {name: grown[key][name] for name in row} == row, f"seed {ending.seed}: {key}"


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_grew_holds_what_one_full_build_says(ending: Ending, table: str) -> None:
    assert ending.grown[table] == ending.rebuilt[table], f"seed {ending.seed}"


def test_of_some_keys_the_rows_stand_and_of_others_they_are_withdrawn(ending: Ending) -> None:
    held = [ending.grown[table] for table in ending.expected]
    rows = [row["withdrawn_at"] is None for rows in held for row in rows.values()]
    assert 0.2 < sum(rows) / len(rows) < 0.8, f"seed {ending.seed} says little"


def test_every_delivery_is_proven_in_every_table_that_it_flows_into(ending: Ending) -> None:
    assert ending.parked == []
    expected = {(one.name, hop_into(table)) for one in ending.sent if not one.is_held for table in one.feed.into}
    assert {(hop["_delivery"], hop["hop"]) for hop in ending.hops} == expected
    rows = {one.name: len(one.rows) for one in ending.sent}
    for hop in ending.hops:
        assert rows[hop["_delivery"]] == hop["rows_in"] == hop["rows_out"] + hop["rows_aside"]


def test_a_build_leaves_nothing_behind(ending: Ending) -> None:
    """Rows laid down for a merge stayed, where a feed flows into a table of a theme."""
    assert leftovers(ending.home) == []


def test_the_unit_tests_that_follow_from_contracts_hold_for_tables_of_every_kind(ending: Ending) -> None:
    results = run_unit_tests(ending.home, f"statements_about_sample_*{NAME}")
    assert len(results) == len([*CONTRACTS.glob("base/*.yaml")])
    assert [result.message for result in results if result.status != "pass"] == []
