"""The table of departments beside this module flows in; how each of them is made up and exports flows out."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Literal

from schemas.contract import Strict
from simulate.style import Style
from simulate.word_lists import read_rows

ANY = "*"


class Office(Strict):
    """A department as it is simulated: one row of departments.csv; the row `*` is any department that has none.

    `checks`: its share of the province's inspections, 0 where inspections have no story. `body`: what its body in a
    place is called; `seat`: whether there is one a county or one a prefecture. `fine`: its typical fine in yuan,
    `persons`: how often the person in charge is fined too. `officers`: how many a body has at least. From `encoding`
    on: its habit when it exports, `envelope` whether with the national exchange's columns.
    """

    department: str
    serial: int
    checks: float
    officers: int
    fine: float
    persons: float
    body: str
    seat: Literal["county", "city"]
    level: str
    encoding: str
    dates: str
    headings: int
    labels: float
    nothing: str
    separator: str
    thousands: bool
    quote_all: bool
    envelope: bool

    @property
    def style(self) -> Style:
        """How its system exports."""
        known = {field.name for field in fields(Style)}
        return Style(**{name: value for name, value in self if name in known})


@cache
def _offices() -> dict[str, Office]:
    return {office.department: office for office in read_rows("departments.csv", Office)}


def office_of(department: str) -> Office:
    """The department's row, or the row of any."""
    return _offices().get(department, _offices()[ANY])


@cache
def inspecting() -> dict[str, float]:
    """The departments whose inspections have a story, with their shares."""
    return {name: office.checks for name, office in _offices().items() if office.checks}
