"""Files of `rules/` flow in; frozen Rule objects flow out, or an error that names file, key and reason.

A rule says what rows of a base table must keep to that no row can show alone: that another table has its counterpart,
or that its own columns, filled by several deliveries, agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import ValidationError, model_validator

from schemas.contract import Column, TableContract, code_list, table_of, tables
from schemas.contract.model import ContractError, Strict
from schemas.contract.read import read_yaml, refusal, shown
from schemas.folders import SCHEMAS, roots

RULES = Path(__file__).parent / "rules"
# The ten check families (数据检核类型) of the national standard.
FAMILIES = "check_family"


class Counterpart(Strict):
    """A row of another base table: `by` says which of its columns equals which of the judged row's.

    `day`: the column of the judged row whose day the other must have held on, as its contract's `valid` says; then it
    may be withdrawn by today. `where`: an expression over `act` (the judged row) and `other` that must hold too.
    """

    table: str
    by: dict[str, str]
    day: str | None = None
    where: str | None = None


class Rule(Strict):
    """What the rows of a base table must keep to; `name` comes from the file.

    Judged are standing rows for which `when` holds. Wrong is a row for which `must` is false, or of which there is no
    `has`, or of which there is a `has_no`. What is unknown (null) is not wrong: whether a cell must be filled is the
    feed's to say. `as_of` in an expression is the day of judging; `doubt`: a wrong row may be right after all.
    """

    name: str
    file: Path
    family: str
    label: str
    means: str
    source: str
    judges: str
    when: str | None = None
    must: str | None = None
    has: Counterpart | None = None
    has_no: Counterpart | None = None
    doubt: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Rule:
        if sum(part is not None for part in (self.must, self.has, self.has_no)) != 1:
            raise ValueError("a rule says one of must, has and has_no")
        return self

    @property
    def tables(self) -> tuple[str, ...]:
        """The base tables that the rule reads."""
        other = self.has or self.has_no
        return (self.judges, *([other.table] if other else []))

    @property
    def table(self) -> TableContract:
        """The judged table's contract."""
        return table_of(f"base.{self.judges}")


@cache
def rules() -> dict[str, Rule]:
    """All rules by name: ours where our contracts are read, and those beside contracts that are read too (`rules/`)."""
    folders = [RULES] * (roots()[0] == SCHEMAS) + [root / "rules" for root in roots()]
    found = [read_rule(path) for folder in folders for path in sorted(folder.glob("*.yaml"))]
    return {rule.name: rule for rule in found}


def read_rule(path: Path) -> Rule:
    """The rule of one file; raises ContractError with `file: key: why`."""
    try:
        return Rule.model_validate({**read_yaml(path), "name": path.stem, "file": path})
    except ValidationError as error:
        raise refusal(path, error) from None


def faults(found: Iterable[Rule]) -> list[str]:
    """What is wrong with rules, one sentence each: a family, a table or a column that there is none of."""
    families = {code.code for code in code_list(FAMILIES)}
    wrong = []
    for rule in found:
        judged = tables("base").get(f"base.{rule.judges}")
        if rule.family not in families:
            wrong.append(f"{shown(rule.file)}: family: {rule.family} is none of codes/{FAMILIES}.csv")
        if judged is None:
            wrong.append(f"{shown(rule.file)}: judges: there is no base table {rule.judges}")
        elif "department" not in {column.name for column in judged.columns}:
            wrong.append(f"{shown(rule.file)}: judges: base.{rule.judges} does not say whose a row is (department)")
        other = rule.has or rule.has_no
        if other and (read := tables("base").get(f"base.{other.table}")) is None:
            wrong.append(f"{shown(rule.file)}: has: there is no base table {other.table}")
        elif other and read and judged:
            if other.day and not read.valid:
                wrong.append(f"{shown(rule.file)}: day: base.{other.table} does not say from when to when a row holds")
            own, theirs = ({column.name for column in table.columns} for table in (judged, read))
            wrong += [
                f"{shown(rule.file)}: by: base.{other.table} has no {name}" for name in other.by if name not in theirs
            ]
            wrong += [
                f"{shown(rule.file)}: by: base.{rule.judges} has no {name}"
                for name in (*other.by.values(), *([other.day] if other.day else []))
                if name not in own
            ]
            wrong += [
                f"{shown(rule.file)}: by: neither base.{rule.judges}.{mine} nor base.{other.table}.{name} "
                "refers to the other"
                for name, mine in other.by.items()
                if name in theirs and mine in own and not _are_one(judged.column(mine), read.column(name), rule, other)
            ]
    return wrong


def _are_one(own: Column, their: Column, rule: Rule, other: Counterpart) -> bool:
    """Whether contracts say that two columns hold the same: one refers to the other, or both to a third."""
    if own.name == their.name == "department":
        return True
    refers = own.refers, their.refers
    told = (f"{other.table}.{their.name}", f"{rule.judges}.{own.name}")
    return refers[0] == told[0] or refers[1] == told[1] or (refers[0] is not None and refers[0] == refers[1])


def check() -> None:
    """Raises ContractError for the first rule that cannot be judged."""
    for fault in faults(rules().values()):
        raise ContractError(fault)
