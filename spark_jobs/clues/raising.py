"""What clue rules find today flows in; the ledger of clues, ops.clue, flows out: one row a matter, subject and spell.

A finding is the same clue as one in the ledger if it is of the same matter and subject and no more than the rule's
quiet days lie between; so a spell is raised once, whoever tells of it and however often it is looked at.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from schemas.contract import clue_rules, grades, table_of
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import exists, merge, read

FOUND, LEDGER = "clue_found", "clue"
# Reasons and evidence that a department is told; what is beyond is in the table that the evidence names.
MOST = 20
Row = dict[str, Any]
# What a finding hands to its clue.
TOLD = ("object_id", "object_name", "model", "field", "item_code", "region_code", "city_code")
DUTY = ("duty_department", "duty_rule", "duty_ground")


def raise_clues(home: Home, day: date, closed: Mapping[str, date]) -> int:
    """Writes what is new or otherwise; returns how many clues are new.

    closed: by clue the day on which its department said the last word: what happens later is another clue.
    """
    path = home.table("gold", FOUND)
    if not exists(path):
        return 0
    found = read(path).to_pylist()
    before = {row["clue_no"]: row for row in read(home.table("ops", LEDGER)).to_pylist()}
    after = joined(found, before.values(), day, closed)
    changed = [row for number, row in after.items() if before.get(number) != row]
    if changed:
        contract = table_of(f"ops.{LEDGER}")
        merge(home.table("ops", LEDGER), pa.Table.from_pylist(changed, table_schema(contract)), contract.key)
    return len(after.keys() - before.keys())


def joined(found: Iterable[Row], ledger: Iterable[Row], day: date, closed: Mapping[str, date]) -> dict[str, Row]:
    """The ledger by number, with what is found on a day."""
    clues = {row["clue_no"]: {**row} for row in ledger}
    by_subject: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for _, clue in sorted(clues.items()):
        by_subject[clue["matter"], clue["subject"]].append(clue)
    seen: set[str] = set()
    fresh: set[str] = set()
    for finding in sorted(found, key=lambda row: _order(row, day)):
        same = by_subject[finding["matter"], finding["subject"]]
        known = next((clue for clue in same if _is_same(finding, clue, day, closed.get(clue["clue_no"]))), None)
        clue = known or _raised(finding, day)
        if known is None:
            same.append(clue)
            clues[clue["clue_no"]] = clue
            fresh.add(clue["clue_no"])
        elif clue["clue_no"] in fresh:
            _add_words(finding, clue)
        _extend(finding, clue)
        seen.add(clue["clue_no"])
    for number, clue in clues.items():
        if _lasts(clue) and clue["ended_date"] is None and number not in seen:
            clue["ended_date"] = day
    return clues


def _order(finding: Row, day: date) -> tuple[Any, ...]:
    """The first spell first; of one day the gravest, whose rule the clue is called by."""
    begins = finding["begins"] or day
    return (
        finding["matter"],
        finding["subject"],
        begins,
        _rank(finding["grade"]),
        finding["clue_rule"],
        finding["evidence"],
    )


def _rank(grade: str) -> int:
    return [one.code for one in grades()].index(grade)


def _lasts(clue: Row) -> bool:
    """Whether a clue lasts as long as it is found, and has no days of its own."""
    rule = clue_rules().get(clue["clue_rule"])
    return rule is not None and rule.spell is None


def _is_same(finding: Row, clue: Row, day: date, closed: date | None) -> bool:
    quiet = timedelta(clue_rules()[finding["clue_rule"]].quiet_days)
    if finding["begins"] is None:
        return clue["ended_date"] is None or clue["ended_date"] + quiet >= day
    if closed is not None and finding["begins"] > closed:
        return False
    is_near: bool = clue["spell_begin"] - quiet <= _end(finding) and finding["begins"] <= clue["spell_end"] + quiet
    return is_near


def _end(finding: Row) -> date:
    end: date = finding["ends"] or finding["begins"]
    return end


def _raised(finding: Row, day: date) -> Row:
    begins = finding["begins"] or day
    return {
        "clue_no": number_of(finding["matter"], finding["subject"], begins),
        **{name: finding[name] for name in ("clue_rule", "matter", "subject", *TOLD, "grade", *DUTY)},
        "clue_reasons": [finding["reason"]],
        "evidence": [finding["evidence"]],
        "spell_begin": begins,
        "spell_end": _end(finding) if finding["begins"] else begins,
        "ended_date": None,
        "raised_date": day,
    }


def number_of(matter: str, subject: str, begins: date) -> str:
    """The clue's number: the same for the same matter, subject and first day, wherever and whenever it is raised."""
    digest = hashlib.sha256(f"{matter}|{subject}|{begins}".encode()).hexdigest()
    return f"XS{begins:%Y%m%d}-{digest[:10].upper()}"


def _add_words(finding: Row, clue: Row) -> None:
    """One more reason and one more row of evidence, before the clue is sent."""
    for name, value in (("clue_reasons", finding["reason"]), ("evidence", finding["evidence"])):
        if value not in clue[name] and len(clue[name]) < MOST:
            clue[name] = [*clue[name], value]


def _extend(finding: Row, clue: Row) -> None:
    """A clue lasts until its last finding, is as grave as the gravest, and goes on while it is found."""
    clue["ended_date"] = None
    if finding["begins"] is not None:
        clue["spell_begin"] = min(clue["spell_begin"], finding["begins"])
        clue["spell_end"] = max(clue["spell_end"], _end(finding))
    if _rank(finding["grade"]) < _rank(clue["grade"]):
        clue["grade"] = finding["grade"]
        if finding["reason"] not in clue["clue_reasons"]:
            clue["clue_reasons"] = [finding["reason"], *clue["clue_reasons"]][:MOST]
            clue["evidence"] = [finding["evidence"], *clue["evidence"]][:MOST]
