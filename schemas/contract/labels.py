"""A table's contract flows in; the columns that it has when it is served flow out: every code with its label beside it,
every yes or no with 是 or 否.

Labels are joined once, when a table is served; no table of the lake repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.contract.model import Column, Contract

YES_NO = "yes_no"


@dataclass(frozen=True)
class Label:
    """A column that says in words what `of` holds, a code or a yes or no."""

    column: Column
    of: Column

    @property
    def codes(self) -> str:
        """The code list that has the words."""
        assert self.of.codes or self.is_yes_no
        return self.of.codes or YES_NO

    @property
    def is_yes_no(self) -> bool:
        """Whether the column holds true or false, which their list spells 1 and 0."""
        return self.of.type == "boolean"


def labels(contract: Contract) -> list[Label]:
    """The labels of a table's codes, in the order of its columns; lists of codes have none."""
    names = {column.name for column in contract.columns}
    spoken = [column for column in contract.columns if column.type == ("string" if column.codes else "boolean")]
    found = [Label(_label(column), column) for column in spoken]
    return [label for label in found if label.column.name not in names]


def served_columns(contract: Contract) -> list[Column]:
    """The columns of the served table: nothing personal, and each label behind its code."""
    beside = {label.of.name: label.column for label in labels(contract)}
    served = []
    for column in contract.columns:
        if not column.is_personal:
            served += [column, *([beside[column.name]] if column.name in beside else [])]
    return served


def served_column(contract: Contract, name: str) -> Column:
    """The column of that name in the served table."""
    return next(column for column in served_columns(contract) if column.name == name)


def _label(column: Column) -> Column:
    stem = column.name.removesuffix("_code")
    text = str(column.label).replace("代码", "")
    return Column(name=f"{stem}_name", type="string", label=text, doc=column.doc, sensitivity=column.sensitivity)
