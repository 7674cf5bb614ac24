"""The ledger of clues and what departments and people said flow in; who is told what until when flows out.

That is ops.clue_sent: once a row stands in it, it will be sent, once, whatever happens in between (sending.py). A clue
goes out when it is raised, when it has become graver, when a department says whose it is instead, and when a person
assigns it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from schemas.contract import clue_rules, code_list, contracts, departments, fields, grades, table_of
from spark_jobs.clues.raising import LEDGER, Row, raise_clues
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import append, read, version
from spark_jobs.lake.upkeep import keep_up
from spark_jobs.lake.working_days import working_day_after

SENT, EVENTS = "clue_sent", "clue_event"
DONE, UNFOUNDED, DUPLICATE, RETURNED, ASSIGNED = "1", "3", "4", "5", "6"
LAST_WORDS = (DONE, UNFOUNDED, DUPLICATE)
# (ours) Among so many departments a clue is passed on by themselves; then a person decides.
MOST_DEPARTMENTS = 3
# The inputs of what is raised and sent.
INPUTS = (("gold", "clue_found"), ("base", EVENTS), ("ops", LEDGER), ("ops", SENT))


def raise_and_dispatch(home: Home, day: date) -> dict[str, int]:
    """What is new of clues by today's findings and what was said; how many were raised, and how many go out."""
    mark = Mark(home.state / "clues.json", _inputs(home, day))
    if f"ops.{LEDGER}" not in contracts() or mark.is_current():
        return {}
    events = _standing_events(home)
    raised = raise_clues(home, day, last_words(events))
    sent = dispatch(home, day, events)
    keep_up(home, "ops", written={LEDGER, SENT})
    Mark(mark.path, _inputs(home, day)).keep()
    return {name: count for name, count in (("clues_raised", raised), ("clues_sent", sent)) if count}


def _inputs(home: Home, day: date) -> dict[str, str]:
    versions = {f"{layer}.{name}": str(version(home.table(layer, name))) for layer, name in INPUTS}
    return {**versions, "day": str(day), "declared": declared()}


def _standing_events(home: Home) -> list[Row]:
    rows = read(home.table("base", EVENTS)).to_pylist()
    standing = [row for row in rows if row["withdrawn_at"] is None]
    return sorted(standing, key=lambda row: (row["clue_event_date"], row["department"], row["clue_event_no"]))


def last_words(events: Sequence[Row]) -> dict[str, date]:
    """By clue the day on which it was closed."""
    return {row["clue_no"]: row["clue_event_date"] for row in events if row["clue_event_kind"] in LAST_WORDS}


def dispatch(home: Home, day: date, events: Sequence[Row]) -> int:
    """Writes who is told of which clue today; returns how many."""
    sent: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(read(home.table("ops", SENT)).to_pylist(), key=lambda row: row["turn"]):
        sent[row["clue_no"]].append(row)
    said: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        said[event["clue_no"]].append(event)
    due = [
        _told(clue, [*sent[clue["clue_no"]]], department, cause, day)
        for clue in read(home.table("ops", LEDGER)).to_pylist()
        for department, cause in _due(clue, sent[clue["clue_no"]], said[clue["clue_no"]])
    ]
    if due:
        contract = table_of(f"ops.{SENT}")
        append(home.table("ops", SENT), pa.Table.from_pylist([*_packed(due, day)], table_schema(contract)))
    return len(due)


def _due(clue: Row, sent: Sequence[Row], said: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """To whom a clue goes now, and why; at most one department a day."""
    causes = {row["cause"] for row in sent}
    fresh = [event for event in said if cause_of(event) not in causes]
    if assigned := [event for event in fresh if event["clue_event_kind"] == ASSIGNED and event["transfer_to"]]:
        yield assigned[-1]["transfer_to"], cause_of(assigned[-1])
        return
    if not sent:
        if clue["duty_department"] and not _is_closed(said):
            yield clue["duty_department"], "duty"
        return
    last = sent[-1]
    passed = [
        event for event in fresh if event["clue_event_kind"] == RETURNED and event["department"] == last["department"]
    ]
    passed = [event for event in passed if event["clue_event_date"] >= last["sent_date"]]
    if passed:
        if (other := _passed_to(passed[-1], sent)) is not None:
            yield other, cause_of(passed[-1])
    elif _order(clue["grade"]) < _order(last["grade"]) and not _is_closed(said):
        yield last["department"], f"grade {clue['grade']}"


def cause_of(event: Row) -> str:
    """The statement that a dispatch follows from."""
    return f"{event['department']}/{event['clue_event_no']}"


def _is_closed(said: Sequence[Row]) -> bool:
    return bool(said) and said[-1]["clue_event_kind"] in LAST_WORDS


def _passed_to(event: Row, sent: Sequence[Row]) -> str | None:
    """Who has the clue instead; nobody where it was there before, or has gone round long enough: a person decides."""
    other: str | None = event["transfer_to"]
    been = {row["department"] for row in sent}
    return other if other and other not in been and len(been) < MOST_DEPARTMENTS else None


def _order(grade: str) -> int:
    return [one.code for one in grades()].index(grade)


def _told(clue: Row, sent: Sequence[Row], department: str, cause: str, day: date) -> Row:
    """A row of ops.clue_sent without its package."""
    clock = next(code.extra for code in code_list("clue_clock") if code.code == clue["grade"])
    row = {
        "clue_no": clue["clue_no"],
        "turn": len(sent) + 1,
        "department": department,
        "grade": clue["grade"],
        "sent_date": day,
        **{
            f"{name}_deadline": working_day_after(day, int(clock[f"{name}_days"]))
            for name in ("accept", "answer", "close")
        },
        "cause": cause,
    }
    return {**row, "payload": json.dumps(_payload(clue, row), ensure_ascii=False)}


def _payload(clue: Row, row: Row) -> dict[str, Any]:
    """What the department reads of a clue, under the headings that it answers by."""
    rule = clue_rules().get(clue["clue_rule"])
    return {
        "线索编号": clue["clue_no"],
        "下发轮次": row["turn"],
        "线索规则": rule.title if rule else clue["clue_rule"],
        "等级": _label("risk_grade", clue["grade"]),
        "统一社会信用代码": clue["object_id"],
        "对象名称": clue["object_name"],
        "市州": _label("region", clue["city_code"]),
        "行政区划": _label("region", clue["region_code"]),
        "领域": fields()[clue["field"]].title if clue["field"] in fields() else None,
        "监管事项目录编码": clue["item_code"],
        "发现理由": clue["clue_reasons"],
        "证据": clue["evidence"],
        "起始日期": str(clue["spell_begin"]),
        "截止日期": str(clue["spell_end"]),
        "发现日期": str(clue["raised_date"]),
        "下发日期": str(row["sent_date"]),
        "签收期限": str(row["accept_deadline"]),
        "反馈期限": str(row["answer_deadline"]),
        "办结期限": str(row["close_deadline"]),
        "判定依据": _ground(clue, row),
    }


def _ground(clue: Row, row: Row) -> str:
    """Why this department."""
    if row["cause"] == "duty" or row["cause"].startswith("grade "):
        rule = f"，规则{clue['duty_rule']}" if clue["duty_rule"] else ""
        return f"{_label('duty_ground', clue['duty_ground'])}{rule}"
    return f"{departments()[row['cause'].partition('/')[0]].label}转来（{row['cause'].partition('/')[2]}）"


def _label(codes: str, code: str | None) -> str | None:
    return next((one.label for one in code_list(codes) if one.code == code), code)


def _packed(due: Sequence[Row], day: date) -> Iterator[Row]:
    """The rows with their packages: one a department and run, called by what is in it."""
    by_department: dict[str, list[Row]] = defaultdict(list)
    for row in due:
        by_department[row["department"]].append(row)
    for department, rows in sorted(by_department.items()):
        rows.sort(key=lambda row: row["clue_no"])
        digest = hashlib.sha256(lines_of(rows).encode()).hexdigest()
        number = f"CLUE-{department.upper()}-{day:%Y%m%d}-{digest[:8].upper()}"
        yield from ({**row, "package_no": number, "package_sha256": digest} for row in rows)


def lines_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The content of clues.jsonl."""
    return "".join(f"{row['payload']}\n" for row in rows)
