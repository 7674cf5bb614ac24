"""The synthetic province refers to itself: every code of another row is delivered, but for the planted ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import numpy as np
import pytest

from schemas.contract import fed_tables
from schemas.contract.feeding import made_by, references, stated_by
from simulate.deliveries import SimulatedFile, make_deliveries
from simulate.dirt import ACROSS
from simulate.files import Truth, write_delivery
from simulate.firms import Period
from simulate.mess import LIST_JOINER

OBJECTS, PERIOD = 700, Period.until(date(2026, 6, 30), 100)
SEEDS = (1, 5)
Province = tuple[list[SimulatedFile], list[Truth]]
Codes = dict[tuple[str, str], set[tuple[str, str]]]


@pytest.fixture(scope="module", params=SEEDS)
def province(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Province:
    """All files of a small province, and what is wrong with them."""
    out = tmp_path_factory.mktemp("referring")
    files = list(make_deliveries(OBJECTS, PERIOD, request.param))
    return files, [line for file in files for line in write_delivery(file, out, request.param)]


def _held(files: list[SimulatedFile]) -> Codes:
    """By base table and column, the codes that files deliver, with the department that does."""
    held: Codes = defaultdict(set)
    for file in files:
        for table in made_by(file.contract, fed_tables()):
            for column in fed_tables()[table].columns:
                for name in {*stated_by(file.contract, column)} & file.rows.keys():
                    if file.rows[name].dtype.kind == "O":
                        held[table, column.name] |= {(file.department, code) for code in file.rows[name].tolist()}
    return held


def _unknown(files: list[SimulatedFile], held: Codes) -> set[tuple[Any, ...]]:
    """The cells that name a row which nobody delivers; a number that counts within a department, not this one."""
    unknown = set()
    for file in files:
        for name, (table, column) in references(file.contract, fed_tables()).items():
            if name not in file.rows or file.rows[name].dtype.kind != "O":
                continue
            known, key = held[table, column], fed_tables()[table].key
            is_own = "department" in key and column in key
            anybodys = {code for _, code in known}
            for row, cell in enumerate(file.rows[name].tolist()):
                for code in filter(
                    None, cell.split(LIST_JOINER) if file.contract.column(name).type == "list" else [cell]
                ):
                    if ((file.department, code) not in known) if is_own else (code not in anybodys):
                        unknown.add((file.department, file.folder, file.file, row, name))
    return unknown


def _planted(truth: list[Truth], kind: str | None = None) -> set[tuple[Any, ...]]:
    """The cells that the truth says are wrong beside other rows."""
    return {
        (line.department, line.feed, line.file, (line.line or 0) - 2, line.column)
        for line in truth
        if line.verdict == ACROSS and kind in (None, line.kind)
    }


def test_every_reference_leads_to_a_row_or_is_planted(province: Province) -> None:
    files, truth = province
    persons = {
        (file.department, file.folder, file.file, row, "administrative_cp_code")
        for file in files
        if "administrative_cp_document" in file.rows
        for row in np.flatnonzero(file.rows["administrative_cp_document"] != "001").tolist()
    }
    dangling = _planted(truth, "dangling")
    assert _unknown(files, _held(files)) - persons == dangling
    assert len(dangling) > 50


def test_hardly_any_row_of_a_feed_is_planted(province: Province) -> None:
    files, truth = province
    rows: dict[str, int] = defaultdict(int)
    wrong: dict[str, int] = defaultdict(int)
    names = {(file.department, file.folder, file.file): file.contract.name for file in files}
    for file in files:
        rows[file.contract.name] += len(next(iter(file.rows.values())))
    for department, folder, name, *_ in _planted(truth):
        wrong[names[department, folder, name]] += 1
    assert {
        name: wrong[name] / rows[name] for name in wrong if rows[name] > 100 and wrong[name] > 0.12 * rows[name]
    } == {}
    assert {"check_action", "punish_action", "complaint", "checklist_item", "device_alarm"} <= wrong.keys()


def _column(files: list[SimulatedFile], feed: str, *names: str) -> list[tuple[Any, ...]]:
    """Columns of all of a feed's rows, with the department before them."""
    return [
        (file.department, *row)
        for file in files
        if file.contract.name == feed
        for row in zip(*(file.rows[name].tolist() for name in names), strict=True)
    ]


def test_a_row_and_what_it_refers_to_speak_of_the_same_things(province: Province) -> None:
    files, truth = province
    wrong = {(department, folder, file, row) for department, folder, file, row, _ in _planted(truth)}
    checks = {
        (department, code): (item, checklist)
        for department, code, item, checklist in _column(
            files, "check_action", "check_action_code", "item_code", "check_icode"
        )
    }
    lists = {(code, item) for _, code, item in _column(files, "checklist", "check_icode", "item_code")}
    operators = {
        (platform, number) for _, platform, number in _column(files, "platform_operator", "platform_no", "merchant_no")
    }
    seen = 0
    for file in files:
        sound = [
            row
            for row in range(len(next(iter(file.rows.values()))))
            if (file.department, file.folder, file.file, row) not in wrong
        ]
        for row in sound:
            told = {name: values[row] for name, values in file.rows.items()}
            match file.contract.name:
                case "checklist_item":
                    assert (told["check_icode"], told["item_code"]) in lists
                case "platform_shop":
                    assert (told["platform_no"], told["merchant_no"]) in operators
                case "mobile_visit" if told["check_action_code"]:
                    cited = checks[file.department, told["check_action_code"]]
                    assert told["item_code"] == cited[0] or cited[0][-3] == "9"
                case _:
                    continue
            seen += 1
    assert seen > 200


def test_what_an_inspection_announces_follows_but_for_the_planted(province: Province) -> None:
    files, truth = province
    followed = {
        "04": {(d, code) for d, code in _column(files, "punish_action", "check_action_code")},
        "05": {(d, code) for d, code in _column(files, "force_action", "check_action_code")},
    }
    alone = {
        (file.department, file.folder, file.file, row, "check_result")
        for file in files
        if file.contract.name == "check_action"
        for row, (code, result) in enumerate(
            zip(file.rows["check_action_code"], file.rows["check_result"], strict=True)
        )
        if result in followed and (file.department, code) not in followed[result]
    }
    planted = _planted(truth, "no_penalty") | _planted(truth, "no_force")
    orphaned = {cell[:4] for cell in _planted(truth, "dangling")}
    assert planted
    assert planted - alone == set()
    assert len(alone - planted) <= len(orphaned)


def test_registrations_of_one_case_name_each_other_and_come_in_order(province: Province) -> None:
    files, _ = province
    received = {
        (department, number): day
        for feed in ("complaint", "szj_hotline_order")
        for department, number, day in _column(files, feed, "complaint_no", "received_date")
    }
    joined = 0
    for department, number, platform, origin in _column(
        files, "complaint", "complaint_no", "origin_platform", "origin_no"
    ):
        assert bool(platform) == bool(origin)
        if origin:
            assert received[platform, origin] <= received[department, number]
            joined += 1
    assert joined > 0.2 * len(_column(files, "complaint", "complaint_no"))
    steps = _column(files, "complaint_event", "complaint_no", "event_date")
    known = [
        (day, received[department, number]) for department, number, day in steps if (department, number) in received
    ]
    assert len(known) > 0.9 * len(steps)
    assert all(day >= first for day, first in known)
