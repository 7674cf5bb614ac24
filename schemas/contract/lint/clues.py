"""What clue rules must hold to; their files are no tables, so they are looked at on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from schemas.contract import Column, ContractError, TableContract, code_list, contracts, fields, grades, shown
from schemas.contract.clues import ClueRule, GradeBy, clue_files, read_clue_rule

DAYS = ("date", "timestamp")
KEPT = ("base", "themes", "gold", "ops")


def broken_clue_rules() -> Iterator[str]:
    """Every sentence that a clue rule breaks, as `file: key: why`."""
    read: list[ClueRule] = []
    for path in clue_files():
        try:
            read.append(read_clue_rule(path))
        except ContractError as error:
            yield str(error)
    has_days: dict[str, bool] = {}
    for rule in read:
        yield from (f"{shown(rule.file)}: {fault}" for fault in _faults(rule))
        if has_days.setdefault(rule.about, bool(rule.spell)) != bool(rule.spell):
            yield f"{shown(rule.file)}: matter: of the rules of {rule.about} some have a spell and some have none"


def _faults(rule: ClueRule) -> Iterator[str]:
    for key, text in (("title", rule.title), ("reason", rule.reason)):
        if not re.search("[\u4e00-\u9fff]", text):
            yield f"{key}: is not Chinese"
    table = contracts().get(rule.of)
    if not isinstance(table, TableContract) or table.layer not in KEPT:
        yield f"of: there is no table {rule.of}; write it with its layer, for example gold.risk_score"
        return
    known = {column.name: column for column in table.columns}
    yield from (f"{name}: {rule.of} has no such column" for name in rule.columns if name not in known)
    yield from (f"reason: {name} is personal" for name in rule.told if name in known and known[name].is_personal)
    if rule.duty == "own" and "department" not in known:
        yield f"duty: {rule.of} does not say whose a row is"
    if rule.spell:
        days = filter(None, (rule.spell.from_, rule.spell.to))
        yield from (f"spell: {name} is no day" for name in days if name in known and known[name].type not in DAYS)
    if rule.field and rule.field not in fields():
        yield f"field: {rule.field} is not in fields.yaml"
    if rule.has and rule.has.table not in contracts():
        yield f"has: there is no table {rule.has.table}"
    yield from _unknown_grades(rule, known)


def _unknown_grades(rule: ClueRule, known: Mapping[str, Column]) -> Iterator[str]:
    named = {grade.code for grade in grades()}
    given = rule.grade.is_.values() if isinstance(rule.grade, GradeBy) else (rule.grade,)
    yield from (f"grade: {grade} is none of {', '.join(sorted(named))}" for grade in given if grade not in named)
    if isinstance(rule.grade, GradeBy) and (
        codes := known[rule.grade.column].codes if rule.grade.column in known else None
    ):
        listed = {code.code for code in code_list(codes)}
        yield from (f"grade.is: {code!r} is not a code of {codes}" for code in rule.grade.is_ if code not in listed)
