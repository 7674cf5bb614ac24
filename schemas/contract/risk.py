"""Files of `risk/` flow in, frozen RiskModel objects flow out, or an error that names file, key and reason.

What a model names, such as measures, columns and codes, is looked up by lint/risk.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from schemas.contract.model import ContractError, Strict
from schemas.contract.read import read_yaml, refusal, shown
from schemas.folders import roots

FULL = Decimal(100)

Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=2)]
Points = Annotated[Decimal, Field(gt=0, le=100, decimal_places=2)]
Days = Annotated[int, Field(gt=0)]
Values = tuple[bool | str, ...]
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Events(Strict):
    """What the measure `of` counts of the acts on an object; `where` narrows it to some values of columns."""

    kind: Literal["events"]
    of: str
    where: dict[str, Values] = Field(default_factory=dict)


class DaysSince(Strict):
    """Days between a date of the profile and the day of scoring."""

    kind: Literal["days_since"]
    column: str


class State(Strict):
    """A coded column of the profile; each value has its share of the weight."""

    kind: Literal["state"]
    column: str
    shares: dict[str, Share]


class Flagged(Strict):
    """Whether conforming doubted a column of the object's registration, in words that hold `says`."""

    kind: Literal["flagged"]
    column: str
    says: str


class Indicator(Strict):
    """One thing that adds points, and the words it says so with."""

    name: Name
    label: str
    weight: Points
    measure: Annotated[Events | DaysSince | State | Flagged, Field(discriminator="kind")]
    reason: str
    reason_missing: str | None = None
    window_days: Days | None = None
    decay: dict[Days, Share] = Field(default_factory=dict)
    full_at: Annotated[int, Field(gt=0)] | None = None
    bands: dict[int, Share] = Field(default_factory=dict)
    missing: Share = Decimal(0)

    @model_validator(mode="after")
    def _is_whole(self) -> Indicator:
        for holds, why in _promises(self):
            if not holds:
                raise ValueError(why)
        return self


class RiskModel(Strict):
    """A version of a model; it is valid from its day until the next version's.

    `field`: only objects of this field are scored, by its acts alone; without it the model is the province's general
    one. `grades`: the least score of each grade from the highest down; the lowest grade is the rest.
    """

    file: Path
    title: str
    doc: str
    model: Name
    version: str
    valid_from: date
    field: str | None = None
    grades: dict[str, Points]
    indicators: tuple[Indicator, ...]

    @property
    def is_general(self) -> bool:
        """Whether it scores every object, by what all departments did."""
        return self.field is None

    @property
    def profile(self) -> str:
        """The table of the objects that it scores."""
        return f"themes.{self.field}_profile" if self.field else "themes.object_profile"

    @model_validator(mode="after")
    def _adds_up(self) -> RiskModel:
        names = [indicator.name for indicator in self.indicators]
        if len(set(names)) < len(names):
            raise ValueError("two indicators have the same name")
        total = sum((indicator.weight for indicator in self.indicators), Decimal(0))
        if total != FULL:
            raise ValueError(f"the weights add up to {total}, not 100")
        bounds = list(self.grades.values())
        if not bounds or bounds != sorted(set(bounds), reverse=True):
            raise ValueError(f"the grades must fall from {' to '.join(self.grades) or 'the highest down'}")
        return self


def _promises(indicator: Indicator) -> list[tuple[bool, str]]:
    """What must hold between the keys of an indicator, each with the words for when it does not."""
    measure = indicator.measure
    is_events, is_graded = isinstance(measure, Events), isinstance(measure, Events | DaysSince)
    oldest = max(indicator.decay, default=0)
    holes = set(re.findall(r"{(\w*)}", indicator.reason))
    return [
        (is_events == (indicator.window_days is not None), "window_days belongs to events, and only to them"),
        (is_events or not indicator.decay, "decay belongs to events"),
        (not is_events or oldest < (indicator.window_days or 0), "decay must lie inside window_days"),
        (is_graded == (bool(indicator.full_at) != bool(indicator.bands)), "needs either full_at or bands"),
        (is_graded or not (indicator.full_at or indicator.bands), "full_at and bands belong to events and days_since"),
        (_rises(indicator.bands), "bands must rise, in value and in share"),
        (bool(indicator.missing) == bool(indicator.reason_missing), "missing and reason_missing go together"),
        (isinstance(measure, DaysSince) or not indicator.missing, "missing belongs to days_since"),
        (holes <= {"value", "days"}, f"reason: knows {{value}} and {{days}}, not {sorted(holes)}"),
    ]


def _rises(bands: dict[int, Decimal]) -> bool:
    values, shares = list(bands), list(bands.values())
    return values == sorted(values) and shares == sorted(shares)


def read_risk_model(path: Path) -> RiskModel:
    """The model of one file; raises ContractError with `file: key: why`."""
    read = read_yaml(path)
    if "file" in read:
        raise ContractError(f"{shown(path)}: file: unknown key")
    try:
        return RiskModel.model_validate({**read, "file": path})
    except ValidationError as error:
        raise refusal(path, error, read) from None


def risk_files() -> list[Path]:
    """Every model's file; one of a further schemas folder stands for that of the same name here."""
    files = {path.name: path for root in roots() for path in (root / "risk").glob("*.yaml")}
    return [files[name] for name in sorted(files)]


@cache
def risk_models() -> tuple[RiskModel, ...]:
    """Every version of every model, the oldest of each first."""
    return tuple(sorted(map(read_risk_model, risk_files()), key=lambda model: (model.model, model.valid_from)))


def valid_on(day: date, models: Iterable[RiskModel]) -> list[RiskModel]:
    """Of each model its newest version that is valid on a day."""
    begun = sorted((model for model in models if model.valid_from <= day), key=lambda model: model.valid_from)
    newest = {model.model: model for model in begun}
    return [newest[name] for name in sorted(newest)]
