"""Files of `clues/` flow in; frozen ClueRule objects flow out, or an error that names file, key and reason.

A clue rule says which rows of a table are worth a department's looking into: what they are about, how grave it is, in
which words it is told, and how it is known that two of them are one matter. dbt_project/render/clues.py has its SQL.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field as Key
from pydantic import ValidationError, model_validator

from schemas.contract.model import Code, Strict
from schemas.contract.read import read_yaml, refusal
from schemas.contract.registry import DECLARED
from schemas.folders import roots

# {holder_name} in a reason.
HOLE = re.compile(r"{(\w+)}")


class Spell(Strict):
    """The columns with the first and the last day or moment of what a row tells; without `to` it is one day's."""

    from_: str = Key(alias="from")
    to: str | None = None


class GradeBy(Strict):
    """The grade of risk by another column's code; rows with any other code raise no clue."""

    column: str
    is_: dict[str, str] = Key(alias="is", min_length=1)


class Beside(Strict):
    """Rows of another table that a row must have: `by` is its column: ours; `where` may name `own.` and `other.`"""

    table: str
    by: dict[str, str] = Key(min_length=1)
    where: str | None = None


class Floor(Strict):
    """(ours) A rule of whose clues, at least `of` judged, a smaller share proves true is proposed for retirement."""

    share: float = Key(gt=0, lt=1)
    of: int = Key(gt=0)


class ClueRule(Strict):
    """One rule; `name` comes from the file.

    `of`: the table whose rows are looked at, with its layer; `when`: which of them, where `as_of` is the day. `each`:
    the columns that say what a clue is about, mostly the object. `spell`: when it happened; without it, the clue lasts
    as long as the row is found. `within_days`: what is older raises none. `quiet_days`: what comes back within so many
    days is the same clue. `matter`: rules of one matter join their clues. `field`: whose duty it is, where the row has
    no model to say so; `duty: own` leaves it with the department whose row it is. `named`: the column with the
    object's name, where the register may not know it.
    """

    name: str
    file: Path
    title: str
    doc: str
    source: str
    of: str
    when: str
    each: tuple[str, ...] = Key(default=("object_id",), min_length=1)
    has: Beside | None = None
    named: str | None = None
    spell: Spell | None = None
    within_days: int | None = Key(default=None, gt=0)
    quiet_days: int = Key(default=30, ge=0)
    grade: str | GradeBy
    reason: str
    matter: str | None = None
    field: str | None = None
    duty: Literal["ruled", "own"] = "ruled"
    floor: Floor

    @model_validator(mode="after")
    def _dates_what_it_bounds(self) -> ClueRule:
        if bool(self.spell) != bool(self.within_days):
            raise ValueError("spell and within_days go together: what has no day cannot be too old")
        return self

    @property
    def about(self) -> str:
        """What its clues share with those of other rules of the same matter."""
        return self.matter or self.name

    @property
    def told(self) -> tuple[str, ...]:
        """The columns that the reason names."""
        return tuple(dict.fromkeys(HOLE.findall(self.reason)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of its table that it names outside of expressions."""
        days = (self.spell.from_, self.spell.to) if self.spell else ()
        graded = (self.grade.column,) if isinstance(self.grade, GradeBy) else ()
        beside = tuple(self.has.by.values()) if self.has else ()
        return tuple(filter(None, (*self.each, self.named, *days, *graded, *beside, *self.told)))


def read_clue_rule(path: Path) -> ClueRule:
    """The rule of one file; raises ContractError with `file: key: why`."""
    read = read_yaml(path)
    try:
        return ClueRule.model_validate({**read, "name": path.stem, "file": path})
    except ValidationError as error:
        raise refusal(path, error, read) from None


def clue_files() -> list[Path]:
    """Every rule's file; one of a further schemas folder stands for that of the same name here."""
    files = {path.stem: path for root in roots() for path in sorted((root / "clues").glob("*.yaml"))}
    return [files[name] for name in sorted(files)]


@cache
def clue_rules() -> dict[str, ClueRule]:
    """All rules by name."""
    return {path.stem: read_clue_rule(path) for path in clue_files()}


DECLARED["clue_rule"] = lambda: tuple(Code(code=name, label=rule.title) for name, rule in clue_rules().items())
