"""The tables of the clue loop flow in; what people ask about clues flows out, as rows of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from schemas.contract import Column, clue_rules, code_list, departments, table_of
from spark_jobs.clues.deciding import one_clue
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import exists, read

Row = dict[str, Any]
YES_NO = {True: "是", False: "否"}
LISTED = ("clue_no", "grade", "rule", "object", "department", "state", "raised", "next deadline", "")


def clues(home: Home, state: str | None, department: str | None, only_late: bool) -> list[Row]:
    """Clues, those whose clocks have run out first, then the gravest, then the oldest."""
    found = [
        row
        for row in _rows(home, "clue")
        if (state is None or row["clue_state"] == state)
        and (department is None or row["department"] == department)
        and (not only_late or row["clue_alarm"] == "overdue")
    ]
    order = {code.code: int(code.extra["order"]) for code in code_list("risk_grade")}
    return sorted(found, key=lambda row: (row["clue_alarm"] != "overdue", order[row["grade"]], row["raised_date"]))


def listed(row: Row) -> list[str]:
    """A clue as a line of the list."""
    rule = clue_rules().get(row["clue_rule"])
    return [
        row["clue_no"],
        label("risk_grade", row["grade"]),
        rule.title if rule else row["clue_rule"],
        row["object_name"] or "",
        departments()[row["department"]].label if row["department"] in departments() else row["department"],
        label("clue_state", row["clue_state"]),
        str(row["raised_date"]),
        str(_deadline(row) or ""),
        label("clue_alarm", row["clue_alarm"]) if row["clue_alarm"] in ("overdue", "due_soon") else "",
    ]


def _deadline(row: Row) -> object:
    """The first deadline that runs."""
    if row["closed_date"] is not None:
        return None
    if row["acknowledged_date"] is None:
        return row["accept_deadline"]
    return row["answer_deadline"] if row["answered_date"] is None else row["close_deadline"]


def told(home: Home, named: str) -> list[str]:
    """All that is known of one clue: what it is, why, where it stands, and every step."""
    clue = one_clue(home, named)
    lines = []
    for column in table_of("gold.clue").columns:
        value = clue[column.name]
        if value is not None and column.name not in ("month", "reasons_text"):
            lines.append(f"{str(column.label).removesuffix('代码')}  {_said(column, value)}")
    [ledger] = read(home.table("ops", "clue"), None, [("clue_no", "=", clue["clue_no"])]).to_pylist()
    lines += [f"理由  {reason}" for reason in ledger["clue_reasons"]]
    lines += [f"证据  {row}" for row in ledger["evidence"]]
    course = [row for row in _rows(home, "clue_course") if row["clue_no"] == clue["clue_no"]]
    for row in sorted(course, key=lambda row: row["step_order"]):
        to = f" → {label('department', row['transfer_to'])}" if row["transfer_to"] else ""
        who = label("department", row["department"]) if row["department"] else ""
        words = [str(row["step_date"]), label("clue_step", row["clue_step"]), f"{who}{to}", row["step_ref"] or ""]
        lines.append("  ".join(word for word in words if word))
    return lines


def _said(column: Column, value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return YES_NO[value]
    return column.says.get(value) or label(column.codes, value) if column.codes else str(value)


def rule_rows(home: Home) -> list[list[str]]:
    """How each rule has proved itself, over all departments; those to retire first."""
    hits = [row for row in _rows(home, "clue_rule_hit") if row["is_whole"]]
    return [
        [
            row["clue_rule"],
            label("clue_rule", row["clue_rule"]),
            row["risk_model"],
            f"{row['clues_raised']:,}",
            f"{row['clues_with_verdict']:,}",
            "" if row["hit_share"] is None else f"{row['hit_share']:.1%}",
            "" if row["floor_share"] is None else f"{row['floor_share']:.0%} of {row['floor_of']}",
            f"{row['clues_with_problem']:,} of {row['clues_checked']:,}",
            label("clue_verdict", row["clue_verdict"]),
        ]
        for row in sorted(hits, key=lambda row: (row["clue_verdict"] != "retire", row["clue_rule"], row["risk_model"]))
    ]


def faults(home: Home) -> list[Row]:
    """Receipts and feedback that speak of what was not sent so, the newest first."""
    return sorted(_rows(home, "clue_fault"), key=lambda row: str(row["said_date"]), reverse=True)


def unacknowledged(home: Home) -> str:
    """Which departments have clues whose time to acknowledge has passed, in one line; empty if none."""
    late = [row for row in _rows(home, "clue") if row["is_unacknowledged"] and row["accept_state"] == "overdue"]
    by_department = Counter(row["department"] for row in late)
    return ", ".join(f"{department} {count}" for department, count in sorted(by_department.items()))


def label(codes: str | None, code: Any) -> str:
    """What a list calls a code."""
    return next((one.label for one in code_list(str(codes)) if one.code == code), str(code))


def _rows(home: Home, table: str) -> Sequence[Row]:
    path = home.table("gold", table)
    rows: list[Row] = read(path).to_pylist() if exists(path) else []
    return rows
