"""A rule flows in; the SQL of the rows that it judges, each with whether it is wrong, flows out, for both engines."""

from __future__ import annotations

import re
from datetime import date

from expectations.rule import Counterpart, Rule
from schemas.contract import table_of

DAY = re.compile(r"\bas_of\b")


def counts_sql(rule: Rule, as_of: date) -> str:
    """One row a department: how many rows were judged, and how many of them are wrong."""
    return (
        f"select '{rule.name}' as rule, department, count(*) as rows_judged, "
        f"sum(case when is_wrong then 1 else 0 end) as rows_wrong "
        f"from ({judged_sql(rule, as_of)}) as judged group by department"
    )


def judged_sql(rule: Rule, as_of: date) -> str:
    """The rows that a rule judges, with a column `is_wrong`."""
    # What sums up another table takes nothing back.
    standing = "withdrawn_at is null" if rule.table.has_withdrawn else "true"
    when = f" and ({rule.when})" if rule.when else ""
    judged = f"select * from base.{rule.judges} where {standing}{when}"
    if rule.must:
        sql = f"select act.*, not coalesce({rule.must}, true) as is_wrong from ({judged}) as act"
    elif rule.has:
        sql = f"select act.*, found.is_found is null as is_wrong from ({judged}) as act{_found(rule, rule.has, judged)}"
    else:
        assert rule.has_no
        found = _found(rule, rule.has_no, judged)
        sql = f"select act.*, found.is_found is not null as is_wrong from ({judged}) as act{found}"
    return DAY.sub(f"date'{as_of}'", sql)


def _found(rule: Rule, other: Counterpart, judged: str) -> str:
    """Which judged rows have the counterpart, joined to them by their key; each row once, however many it has."""
    same = " and ".join(f"other.{theirs} = act.{own}" for theirs, own in other.by.items())
    where = f" and ({other.where})" if other.where else ""
    standing = " where withdrawn_at is null"
    if other.day:
        standing, where = "", f"{where} and {_holds(other)}"
    key = rule.table.key
    keys = ", ".join(f"act.{name}" for name in key)
    joined = " and ".join(f"found.{name} = act.{name}" for name in key)
    return (
        f" left join (select distinct {keys}, true as is_found from ({judged}) as act "
        f"join (select * from base.{other.table}{standing}) as other on {same}{where}) as found "
        f"on {joined}"
    )


def _holds(other: Counterpart) -> str:
    """Whether the counterpart held on the judged row's day; its last one is known of what was withdrawn, too."""
    validity = table_of(f"base.{other.table}").valid
    assert validity
    bounds = {validity.from_: "<=", "valid_until": ">="} if validity.from_ else {"valid_until": ">="}
    on = f"act.{other.day}"
    return " and ".join(f"(other.{name} is null or other.{name} {sign} {on})" for name, sign in bounds.items())
