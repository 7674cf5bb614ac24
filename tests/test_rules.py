"""Rules over several tables: each finds the row that breaks it, and no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from expectations.rule import faults, read_rule, rules
from schemas.contract import ContractError, table_of
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.rules import judge_rules
from spark_jobs.engine.session import connect
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import append, create_tables, overwrite, read

DAY = date(2026, 6, 1)
FIRM, ITEM = "91420100MA4K00010R", "31001001142001"
Row = dict[str, Any]

# What is right by every rule.
RIGHT: dict[str, Row] = {
    "supervised_object": {"object_id": FIRM},
    "supervision_item": {"item_code": ITEM},
    "check_action": {
        "department": "scjg",
        "check_action_code": "J1",
        "item_code": ITEM,
        "object_id": FIRM,
        "check_result": "04",
        "check_date": date(2026, 1, 5),
        "submitted_date": date(2026, 1, 6),
    },
    "punish_action": {
        "department": "scjg",
        "punish_action_code": "F1",
        "check_action_code": "J1",
        "item_code": ITEM,
        "object_id": FIRM,
        "punish_set_date": date(2026, 1, 6),
        "punish_date": date(2026, 2, 1),
        "closed_date": date(2026, 2, 9),
        "submitted_date": date(2026, 2, 9),
        "major_case": "1",
        "legal_review": "1",
    },
    "complaint": {"department": "scjg", "complaint_no": "T1", "received_date": date(2026, 1, 5)},
}
# By rule, the table and what the row that breaks it has otherwise.
WRONG: dict[str, tuple[str, Row]] = {
    "check_item_is_in_the_catalogue": ("check_action", {"item_code": "31001001142009", "check_result": "01"}),
    "checked_object_is_known": ("check_action", {"object_id": "92420502MA4L0TE52G", "check_result": "01"}),
    "check_with_penalty_has_a_punishment": ("check_action", {}),
    "check_is_reported_after_it_was_made": (
        "check_action",
        {"submitted_date": date(2026, 1, 4), "check_result": "01"},
    ),
    "punishment_item_is_in_the_catalogue": ("punish_action", {"item_code": "31001001142009"}),
    "punished_object_is_known": ("punish_action", {"object_id": "92420502MA4L0TE52G"}),
    "punishment_check_is_there": ("punish_action", {"check_action_code": "J9"}),
    "punishment_from_a_check_follows_it": (
        "punish_action",
        {"punish_set_date": date(2026, 1, 1), "punish_date": date(2026, 1, 2)},
    ),
    "punishment_dates_are_in_order": ("punish_action", {"closed_date": date(2026, 1, 20)}),
    "punishment_is_decided_in_time": ("punish_action", {"punish_set_date": date(2025, 6, 1)}),
    "major_case_is_reviewed": ("punish_action", {"legal_review": None}),
    "complaint_dates_are_in_order": ("complaint", {"decided_date": date(2026, 1, 4)}),
}


def fill(home: Home, table: str, *rows: Row) -> None:
    schema = table_schema(table_of(f"base.{table}"))
    append(home.table("base", table), pa.Table.from_pylist([*rows], schema))


def breaking(rule: str) -> tuple[str, Row]:
    """The table and the row that breaks a rule, under a key of its own."""
    table, otherwise = WRONG[rule]
    key = table_of(f"base.{table}").key[-1]
    return table, {**RIGHT[table], key: "X1", **otherwise}


@pytest.fixture
def filled(home: Home) -> Home:
    create_tables(home)
    for table, row in RIGHT.items():
        fill(home, table, row)
    return home


def test_what_is_right_breaks_no_rule(filled: Home) -> None:
    assert judge_rules(filled, DAY)
    judged = {row["rule"]: row["rows_wrong"] for row in read(filled.table("ops", "quality")).to_pylist()}
    assert judged == dict.fromkeys(rules(), 0)
    assert WRONG.keys() == rules().keys(), "a new rule needs a row that breaks it"


@pytest.mark.parametrize("rule", sorted(WRONG))
def test_a_row_breaks_its_own_rule_alone(filled: Home, rule: str) -> None:
    fill(filled, *breaking(rule))
    judge_rules(filled, DAY)
    found = {row["rule"]: row["rows_wrong"] for row in read(filled.table("ops", "quality")).to_pylist()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {rule: 1}
    assert connect(filled).sql(drill_sql(rule, Cell())).count() == 1


def test_only_what_changed_is_judged_anew_and_what_was_taken_back_is_not_judged(filled: Home) -> None:
    judge_rules(filled, DAY)
    first = {row["rule"]: row["judged_at"] for row in read(filled.table("ops", "quality")).to_pylist()}
    assert not judge_rules(filled, DAY)
    fill(filled, "complaint", {**RIGHT["complaint"], "complaint_no": "T2", "decided_date": date(2026, 1, 4)})
    assert judge_rules(filled, DAY)
    rows = {row["rule"]: row for row in read(filled.table("ops", "quality")).to_pylist()}
    assert {name for name, row in rows.items() if row["judged_at"] != first[name]} == {"complaint_dates_are_in_order"}
    complaints = read(filled.table("base", "complaint")).to_pylist()
    taken_back = [row | {"withdrawn_at": pa.scalar(0, pa.timestamp("us", "UTC")).as_py()} for row in complaints]
    schema = table_schema(table_of("base.complaint"))
    overwrite(filled.table("base", "complaint"), pa.Table.from_pylist(taken_back, schema))
    judge_rules(filled, DAY)
    assert "complaint_dates_are_in_order" not in read(filled.table("ops", "quality"))["rule"].to_pylist()


def test_every_rule_can_be_judged() -> None:
    assert rules()
    assert faults(rules().values()) == []


BROKEN = {
    "has: {table: nothing, by: {a: a}}": "has: there is no base table nothing",
    "has: {table: complaint, by: {complaint_no: nothing}}": "by: base.check_action has no nothing",
    "has: {table: complaint, by: {nothing: item_code}}": "by: base.complaint has no nothing",
}


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_with_a_rule_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a_rule.yaml"
    head = 'family: "08"\nlabel: 甲\nmeans: 乙\nsource: 丙\njudges: check_action\n'
    path.write_text(f"{head}{text}\n", "utf-8")
    [fault] = faults([read_rule(path)])
    assert BROKEN[text] in fault
    path.write_text(f"{head}{text}\nmust: closed_date is null\n", "utf-8")
    with pytest.raises(ContractError, match="one of must, has and has_no"):
        read_rule(path)


def test_a_rule_is_told_by_department_alone() -> None:
    with pytest.raises(Refused, match="--department"):
        drill_sql("major_case_is_reviewed", Cell(city="420100"))
