"""Rules over several tables: each finds the row that breaks it, and no other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pyarrow as pa
import pytest

from expectations.rule import Rule, faults, read_rule, rules
from schemas.contract import ContractError, table_of
from spark_jobs.building import rules as rules_job
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.rules import judge_rules
from spark_jobs.engine.session import query
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import append, create_tables, overwrite, read

DAY = date(2026, 6, 1)
COUNT = rules_job._count
FIRM, ITEM = "91420100MA4K00010R", "31001001142001"
Row = dict[str, Any]

# What is right by every rule.
RIGHT: dict[str, Row] = {
    "supervised_object": {"object_id": FIRM, "is_registered": True},
    "supervision_item": {"item_code": ITEM},
    "item_version": {"item_code": ITEM, "item_version": "1", "item_status": "01", "valid_until": date(2026, 3, 1)},
    "check_action": {
        "department": "scjg",
        "check_action_code": "J1",
        "item_code": ITEM,
        "object_id": FIRM,
        "check_result": "04",
        "check_icode": "Q1",
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
        "punish_file_no": "W1",
        "closed_date": date(2026, 2, 9),
        "submitted_date": date(2026, 2, 9),
        "major_case": "1",
        "legal_review": "1",
    },
    "complaint": {"department": "scjg", "complaint_no": "T1", "received_date": date(2026, 1, 5)},
    "complaint_event": {"department": "scjg", "event_no": "1", "complaint_no": "T1"},
    "checklist": {"check_icode": "Q1", "item_code": ITEM, "department": "scjg"},
    "checklist_item": {"check_icode": "Q1", "item_code": ITEM, "check_item_no": "1", "department": "scjg"},
    "check_finding": {"department": "scjg", "check_action_code": "J1", "check_item_no": "1"},
    "item_claim": {"item_code": ITEM, "implement_institution_code": FIRM, "department": "scjg"},
    "force_action": {
        "department": "scjg",
        "force_action_code": "Q1",
        "check_action_code": "J1",
        "force_measure": "02",
        "begin_date": date(2026, 1, 6),
        "end_date": date(2026, 2, 4),
    },
    "other_action": {"department": "scjg", "other_action_code": "T1", "check_action_code": "J1"},
    "credit_punish": {
        "decision_no": "W1",
        "party_key": "1",
        "department": "scjg",
        "credit_punish_date": date(2026, 2, 1),
    },
    "platform": {"platform_no": "P1", "department": "scjg"},
    "platform_operator": {"platform_no": "P1", "merchant_no": "1", "department": "scjg"},
    "platform_shop": {"platform_no": "P1", "shop_no": "1", "department": "scjg"},
    "mobile_visit": {
        "department": "scjg",
        "visit_no": "V1",
        "check_action_code": "J1",
        "started_at": datetime(2026, 1, 5, 1, tzinfo=UTC),
    },
    "visit_step": {"department": "scjg", "visit_no": "V1", "step_no": 1},
    "visit_evidence": {"department": "scjg", "evidence_no": "E1", "visit_no": "V1"},
    "visit_item": {"department": "scjg", "visit_no": "V1", "check_item_no": "1"},
    "visit_document": {"department": "scjg", "document_no": "W1", "visit_no": "V1"},
    "visit_signature": {"department": "scjg", "document_no": "W1", "signer_role": "2", "signer_key": "A"},
    "monitor_device": {"department": "scjg", "device_code": "D1"},
    "reading_day": {
        "department": "scjg",
        "device_code": "D1",
        "indicator_code": "w01018",
        "reading_period": "H",
        "reading_date": date(2026, 1, 5),
    },
    "device_alarm": {
        "department": "scjg",
        "alarm_no": "G1",
        "device_code": "D1",
        "started_at": datetime(2026, 1, 5, 1, tzinfo=UTC),
        "confirmed_at": datetime(2026, 1, 5, 2, tzinfo=UTC),
    },
    "accident": {
        "department": "yjgl",
        "accident_no": "S1",
        "accident_unit": "甲",
        "occurred_at": datetime(2026, 1, 5, 1, tzinfo=UTC),
        "reported_at": datetime(2026, 1, 5, 4, tzinfo=UTC),
    },
    "hazard": {
        "department": "yjgl",
        "hazard_code": "H1",
        "deadline": date(2026, 5, 31),
        "accepted_at": datetime(2026, 5, 1, tzinfo=UTC),
        "hazard_state": "9",
        "is_major": True,
        "hazard_treatment": "1",
        "responsible_person": "张某",
        "control_measures": "停用",
        "cost_cny": 5000,
    },
    "licence": {"licence_kind": "甲", "licence_no": "1", "object_id": FIRM, "department": "scjg"},
    "abnormal_listing": {"listing_no": "Y1", "object_id": FIRM, "department": "scjg"},
}
# By rule, the table and what the row that breaks it has otherwise.
WRONG: dict[str, tuple[str, Row]] = {
    "check_item_is_in_the_catalogue": ("check_action", {"item_code": "31001001142009", "check_result": "01"}),
    "check_item_held_on_its_day": (
        "check_action",
        {"check_date": date(2026, 3, 2), "submitted_date": date(2026, 3, 3), "check_result": "01"},
    ),
    "punishment_item_held_on_its_day": (
        "punish_action",
        {"punish_date": date(2026, 3, 2), "closed_date": date(2026, 3, 3), "submitted_date": date(2026, 3, 3)},
    ),
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
    "check_with_force_has_a_force_action": ("check_action", {"check_result": "05"}),
    "force_check_is_there": ("force_action", {"check_action_code": "J9"}),
    "force_lasts_no_longer_than_the_law_lets_it": ("force_action", {"end_date": date(2026, 3, 8)}),
    "other_action_check_is_there": ("other_action", {"check_action_code": "J9"}),
    "finding_check_is_there": ("check_finding", {"check_action_code": "J9"}),
    "check_cites_a_checklist_that_is_there": ("check_action", {"check_icode": "Q9", "check_result": "01"}),
    "checklist_item_is_in_the_catalogue": ("checklist", {"item_code": "31001001142009"}),
    "check_item_belongs_to_a_checklist": ("checklist_item", {"check_icode": "Q9"}),
    "claimed_item_is_in_the_catalogue": ("item_claim", {"item_code": "31001001142009"}),
    "published_penalty_is_reported_as_an_act": ("credit_punish", {"decision_no": "W9"}),
    "operator_belongs_to_a_platform": ("platform_operator", {"platform_no": "P9"}),
    "shop_belongs_to_a_platform": ("platform_shop", {"platform_no": "P9"}),
    "step_belongs_to_a_visit": ("visit_step", {"visit_no": "X9"}),
    "evidence_belongs_to_a_visit": ("visit_evidence", {"visit_no": "X9"}),
    "answer_belongs_to_a_visit": ("visit_item", {"visit_no": "X9"}),
    "document_belongs_to_a_visit": ("visit_document", {"visit_no": "X9"}),
    "signature_belongs_to_a_document": ("visit_signature", {"document_no": "X9"}),
    "visited_check_is_there": ("mobile_visit", {"check_action_code": "J9"}),
    "reading_device_is_known": ("reading_day", {"device_code": "D9"}),
    "alarm_device_is_known": ("device_alarm", {"device_code": "D9"}),
    "alarm_is_confirmed_after_it_began": ("device_alarm", {"confirmed_at": datetime(2026, 1, 4, tzinfo=UTC)}),
    "accident_is_reported_in_time": ("accident", {"reported_at": datetime(2026, 1, 5, 5, tzinfo=UTC)}),
    "hazard_is_mended_by_its_deadline": ("hazard", {"accepted_at": None, "hazard_state": "0"}),
    "major_hazard_has_a_plan": ("hazard", {"control_measures": None}),
    "accepted_hazard_says_when": (
        "hazard",
        {"hazard_state": "9", "accepted_at": None, "deadline": date(2026, 12, 31)},
    ),
    "course_belongs_to_a_complaint": ("complaint_event", {"complaint_no": "T9"}),
    "licence_holder_is_known": ("licence", {"object_id": "92420502MA4L0TE52G"}),
    "listed_firm_is_known": ("abnormal_listing", {"object_id": "92420502MA4L0TE52G"}),
    "complaint_dates_are_in_order": ("complaint", {"decided_date": date(2026, 1, 4)}),
}


# What tells the row that breaks a rule from the one that is right, by the column of its key.
OWN: Row = {
    **dict.fromkeys(("check_action_code", "punish_action_code", "complaint_no", "event_no", "force_action_code"), "X1"),
    **dict.fromkeys(("other_action_code", "check_item_no", "implement_institution_code", "party_key"), "X1"),
    **dict.fromkeys(("merchant_no", "shop_no", "evidence_no", "alarm_no", "accident_no", "hazard_code"), "X1"),
    **dict.fromkeys(("visit_no", "licence_no", "listing_no", "check_icode", "document_no", "signer_key"), "X1"),
    "step_no": 9,
}


def fill(home: Home, table: str, *rows: Row) -> None:
    schema = table_schema(table_of(f"base.{table}"))
    append(home.table("base", table), pa.Table.from_pylist([*rows], schema))


def breaking(rule: str) -> tuple[str, Row]:
    """The table and the row that breaks a rule, under a key of its own."""
    table, otherwise = WRONG[rule]
    keys = [name for name in table_of(f"base.{table}").key if name not in otherwise and name in OWN]
    return table, {**RIGHT[table], **{name: OWN[name] for name in keys[-1:]}, **otherwise}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A row of every table that rules judge, which breaks none of them; to be copied."""
    home = Home(tmp_path_factory.mktemp("right"))
    home.create()
    create_tables(home)
    for table, row in RIGHT.items():
        fill(home, table, row)
    return home


@pytest.fixture(scope="module")
def right_judged(right: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same after its rules have been judged, so that a row more costs its own table's rules; to be copied."""
    home = Home(copytree(right.path, tmp_path_factory.mktemp("judged") / "lake"))
    judge_rules(home, DAY)
    return home


@pytest.fixture
def filled(right: Home, tmp_path: Path) -> Home:
    return Home(copytree(right.path, tmp_path / "lake"))


@pytest.fixture
def judged(right_judged: Home, tmp_path: Path) -> Home:
    return Home(copytree(right_judged.path, tmp_path / "lake"))


def test_what_is_right_breaks_no_rule(filled: Home) -> None:
    assert judge_rules(filled, DAY)
    judged = {row["rule"]: row["rows_wrong"] for row in read(filled.table("ops", "quality")).to_pylist()}
    assert judged == dict.fromkeys(rules().keys() - {"check_with_force_has_a_force_action"}, 0)  # no such inspection
    assert WRONG.keys() == rules().keys(), "a new rule needs a row that breaks it"


@pytest.mark.parametrize("rule", sorted(WRONG))
def test_a_row_breaks_its_own_rule_alone(judged: Home, rule: str) -> None:
    fill(judged, *breaking(rule))
    judge_rules(judged, DAY)
    found = {row["rule"]: row["rows_wrong"] for row in read(judged.table("ops", "quality")).to_pylist()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {rule: 1}
    assert query(judged, drill_sql(rule, Cell())).count() == 1


def test_an_act_is_held_against_the_version_of_its_day(filled: Home) -> None:
    later = {"item_code": ITEM, "item_version": "2", "item_status": "03", "effective_date": date(2026, 3, 2)}
    gone = {"item_code": "31001001142002", "item_version": "1", "valid_until": date(2026, 3, 1)}
    fill(filled, "item_version", later, {**gone, "withdrawn_at": datetime(2026, 3, 2, tzinfo=UTC)})
    told = {**RIGHT["check_action"], "check_result": "01", "submitted_date": date(2026, 3, 9)}
    days = {"last": date(2026, 3, 1), "paused": date(2026, 3, 2)}
    for name, day in days.items():
        for item in (ITEM, gone["item_code"]):
            fill(
                filled,
                "check_action",
                {**told, "check_action_code": f"{name} {item}", "item_code": item, "check_date": day},
            )
    judge_rules(filled, DAY)
    wrong = query(filled, drill_sql("check_item_held_on_its_day", Cell())).toArrow()
    assert sorted(wrong["check_action_code"].to_pylist()) == [f"paused {ITEM}", f"paused {gone['item_code']}"]


def test_only_what_changed_is_judged_anew_and_what_was_taken_back_is_not_judged(
    filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[set[str]] = []

    def count(home: Home, stale: list[Rule], as_of: date) -> pa.Table:
        judged.append({rule.name for rule in stale})
        return COUNT(home, stale, as_of)

    monkeypatch.setattr(rules_job, "_count", count)
    judge_rules(filled, DAY)
    assert not judge_rules(filled, DAY)
    fill(filled, "complaint", {**RIGHT["complaint"], "complaint_no": "T2", "decided_date": date(2026, 1, 4)})
    assert judge_rules(filled, DAY)
    assert judged == [{*rules()}, {name for name, rule in rules().items() if "complaint" in rule.tables}]
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
    "has: {table: punish_action, by: {check_action_code: check_action_code}, day: check_date}": (
        "day: base.punish_action does not say"
    ),
    "has: {table: complaint, by: {nothing: item_code}}": "by: base.complaint has no nothing",
    "has: {table: complaint, by: {complaint_no: check_action_code}}": (
        "by: neither base.check_action.check_action_code nor base.complaint.complaint_no refers to the other"
    ),
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
