"""Files of `risk/` and `studies/` flow in, frozen RiskModel objects flow out, or an error with file, key and reason.

What a model names, such as measures, columns and codes, is looked up by lint/risk.py. A study is a learned model of a
register that is not in the lake: it has the same shape and is scored by the same SQL, over rows of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from schemas.contract.model import ContractError, Strict
from schemas.contract.read import read_yaml, refusal, shown
from schemas.folders import roots

FULL = Decimal(100)
MADE_BY = "implement_institution"
"""The column of acts that says who made one, by whose strictness it is evened."""
RECORD = "approved.csv"
"""Beside the files of models: version,fingerprint of each that was approved."""

Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=2)]
Points = Annotated[Decimal, Field(gt=0, le=100, decimal_places=2)]
Fitted = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
Cut = Annotated[Decimal, Field(decimal_places=2)]
Rate = Annotated[Decimal, Field(gt=0, lt=1)]
Days = Annotated[int, Field(gt=0)]
Values = tuple[bool | str, ...]
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Events(Strict):
    """What the measure `of` counts of the acts on an object; `where` narrows it to some values of columns.

    `evened`: an act of a body that finds twice what is expected of its checks counts half, so that a strict body makes
    no firm look worse (spark_jobs/building/evening_sql.py).
    """

    kind: Literal["events"]
    of: str
    where: dict[str, Values] = Field(default_factory=dict)
    evened: bool = False


class DaysSince(Strict):
    """Days between a date of the profile and the day of scoring."""

    kind: Literal["days_since"]
    column: str


class Since(Strict):
    """Days between the newest act that the measure `of` counts and the day of scoring."""

    kind: Literal["since"]
    of: str
    where: dict[str, Values] = Field(default_factory=dict)


class Value(Strict):
    """A number of the profile, or of the rows of a study, as it stands; read to the hundredth."""

    kind: Literal["value"]
    column: str


class State(Strict):
    """A coded column of the profile; each value has its share of the weight, or its own points if they are learned."""

    kind: Literal["state"]
    column: str
    shares: dict[str, Share] = Field(default_factory=dict)


class Flagged(Strict):
    """Whether conforming doubted a column of the object's registration, in words that hold `says`."""

    kind: Literal["flagged"]
    column: str
    says: str


Measured = Events | DaysSince | Since | Value | State | Flagged


class Indicator(Strict):
    """One thing that adds points, and the words it says so with.

    An expert says `weight` and what share of it a value gives. What was learned has `points` between `cuts` instead: a
    value below the first cut gives the first points, one that equals a cut those above it. `points_of`: the points of
    each code; a code without any gives `points_missing`, as a value that is missing does.
    """

    name: Name
    label: str
    weight: Points | None = None
    measure: Annotated[Measured, Field(discriminator="kind")]
    reason: str
    reason_missing: str | None = None
    window_days: Days | None = None
    decay: dict[Days, Share] = Field(default_factory=dict)
    full_at: Annotated[int, Field(gt=0)] | None = None
    bands: dict[int, Share] = Field(default_factory=dict)
    missing: Share = Decimal(0)
    monotone: Literal["up", "down"] | None = None
    cuts: tuple[Cut, ...] = ()
    points: tuple[Fitted, ...] = ()
    points_of: dict[str, Fitted] = Field(default_factory=dict)
    points_missing: Fitted = Decimal(0)

    @property
    def is_learned(self) -> bool:
        """Whether its points are learned, or to be."""
        return bool(self.cuts) or bool(self.points_of) or (isinstance(self.measure, State) and not self.measure.shares)

    @property
    def is_trained(self) -> bool:
        """Whether it has its points."""
        return bool(self.points) or bool(self.points_of) or not self.is_learned

    @property
    def most(self) -> Decimal:
        """The most points that it gives: the weight, or the highest of what was learned."""
        return self.weight or max((*self.points, *self.points_of.values(), self.points_missing), default=Decimal(0))

    @model_validator(mode="after")
    def _is_whole(self) -> Indicator:
        for holds, why in _promises(self):
            if not holds:
                raise ValueError(why)
        return self


class Approval(Strict):
    """Who put a version in force, when and why; `despite`: why although it is worse than the one before it."""

    by: str
    at: date
    why: str
    despite: str | None = None


class Trained(Strict):
    """From what the points were learned: rows of `data` of a period, of which so many are positive, and a seed."""

    data: str
    first: date
    last: date
    rows: Days
    positives: Days
    seed: int
    weights: str | None = None
    packages: dict[str, str] = Field(default_factory=dict)


class RiskModel(Strict):
    """A version of a model; it is valid from its day until the next version's, or its last day.

    `field`: only objects of this field are scored, by its acts alone; without it the model is the province's general
    one. `grades`: the least score of each grade from the highest down; the lowest grade is the rest. `shadow`: it is
    scored beside the version in force and decides nothing. `calibration`: from each score on, the share of checks that
    find a problem. `reads`: the reader of the register that a study scores (spark_jobs/risk/registers).
    """

    file: Path
    title: str
    doc: str
    model: Name
    version: str
    kind: Literal["expert", "learned"] = "expert"
    author: str | None = None
    valid_from: date
    valid_to: date | None = None
    shadow: bool = False
    field: str | None = None
    reads: Name | None = None
    grades: dict[str, Points] = Field(default_factory=dict)
    indicators: tuple[Indicator, ...]
    calibration: dict[Fitted, Rate] = Field(default_factory=dict)
    trained: Trained | None = None
    metrics: dict[str, Any] = Field(default_factory=dict)
    approved: Approval | None = None

    @property
    def is_general(self) -> bool:
        """Whether it scores every object, by what all departments did."""
        return self.field is None

    @property
    def is_trained(self) -> bool:
        """Whether it can score: an expert's can at once."""
        return all(indicator.is_trained for indicator in self.indicators)

    @property
    def name(self) -> str:
        """Model and version, as a person writes them."""
        return f"{self.model}@{self.version}"

    @property
    def profile(self) -> str:
        """The table of the objects that it scores."""
        return f"themes.{self.field}_profile" if self.field else "themes.object_profile"

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides what scores and grades the version gives."""
        decides = {"model", "version", "kind", "field", "reads", "grades", "indicators", "calibration"}
        return hashlib.sha256(self.model_dump_json(include=decides, exclude_defaults=True).encode()).hexdigest()

    @model_validator(mode="after")
    def _adds_up(self) -> RiskModel:
        names = [indicator.name for indicator in self.indicators]
        if len(set(names)) < len(names):
            raise ValueError("two indicators have the same name")
        for indicator in self.indicators:
            if indicator.is_learned != (self.kind == "learned"):
                raise ValueError(f"indicators.{indicator.name}: a model is learned or an expert's as a whole")
        total = sum((indicator.most for indicator in self.indicators), Decimal(0))
        if self.kind == "expert" and total != FULL:
            raise ValueError(f"the weights add up to {total}, not 100")
        if self.kind == "learned" and self.is_trained and not Decimal(99) <= total <= Decimal(101):
            raise ValueError(f"the highest points add up to {total}, not about 100")
        bounds = list(self.grades.values())
        if bounds != sorted(set(bounds), reverse=True) or (not bounds and self.is_trained):
            raise ValueError(f"the grades must fall from {' to '.join(self.grades) or 'the highest down'}")
        rates = [*self.calibration.values()]
        if [*self.calibration] != sorted(self.calibration) or rates != sorted(rates):
            raise ValueError("calibration must rise, in score and in rate")
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        if self.approved and self.approved.by == self.author:
            raise ValueError(f"approved: {self.author} wrote it; somebody else approves it")
        return self


def _promises(indicator: Indicator) -> list[tuple[bool, str]]:
    """What must hold between the keys of an indicator, each with the words for when it does not."""
    measure, learned = indicator.measure, indicator.is_learned
    is_events, is_graded = isinstance(measure, Events), isinstance(measure, Events | DaysSince | Since | Value)
    oldest = max(indicator.decay, default=0)
    holes = set(re.findall(r"{(\w*)}", indicator.reason))
    return [
        (is_events == (indicator.window_days is not None), "window_days belongs to events, and only to them"),
        (is_events or not indicator.decay, "decay belongs to events"),
        (not is_events or oldest < (indicator.window_days or 0), "decay must lie inside window_days"),
        (learned == (indicator.weight is None), "needs either a weight, or cuts for points that are learned"),
        (not (learned and (indicator.full_at or indicator.bands)), "full_at and bands belong to a weight"),
        (
            learned or is_graded == (bool(indicator.full_at) != bool(indicator.bands)),
            "needs either full_at or bands",
        ),
        (is_graded or not (indicator.full_at or indicator.bands), "full_at and bands belong to events and days_since"),
        (_rises(indicator.bands), "bands must rise, in value and in share"),
        (
            learned or bool(indicator.missing) == bool(indicator.reason_missing),
            "missing and reason_missing go together",
        ),
        (isinstance(measure, DaysSince | Since) or not indicator.missing, "missing belongs to days_since"),
        (is_graded or not indicator.cuts, "cuts belong to numbers, points_of to codes"),
        (list(indicator.cuts) == sorted(set(indicator.cuts)), "cuts must rise"),
        (len(indicator.points) in (0, len(indicator.cuts) + 1), "points must be one more than cuts"),
        (_keeps(indicator), "points do not go the way that monotone says"),
        (holes <= {"value", "days"}, f"reason: knows {{value}} and {{days}}, not {sorted(holes)}"),
    ]


def _keeps(indicator: Indicator) -> bool:
    """Whether points rise or fall as they should."""
    points = list(indicator.points)
    return not indicator.monotone or points == sorted(points, reverse=indicator.monotone == "down")


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


def _files(folder: str) -> list[Path]:
    """Every model's file in that folder; one of a further schemas folder stands for that of the same name here."""
    files = {path.name: path for root in roots() for path in (root / folder).glob("*.yaml")}
    return [files[name] for name in sorted(files)]


def risk_files() -> list[Path]:
    """The file of every version of a model of the lake."""
    return _files("risk")


@cache
def risk_models() -> tuple[RiskModel, ...]:
    """Every version of every model, the oldest of each first."""
    return tuple(sorted(map(read_risk_model, risk_files()), key=lambda model: (model.model, model.valid_from)))


@cache
def drafts() -> dict[str, RiskModel]:
    """What is still to be learned of the lake, by the name of the model: indicators and cuts without points."""
    return _by_model("drafts")


@cache
def studies() -> dict[str, RiskModel]:
    """The models of registers that are not in the lake, by name."""
    return _by_model("studies")


def _by_model(folder: str) -> dict[str, RiskModel]:
    return {model.model: model for model in map(read_risk_model, _files(folder))}


def valid_on(day: date, models: Iterable[RiskModel]) -> list[RiskModel]:
    """Of each model its newest version that is in force on a day; a shadow never is."""
    begun = sorted((model for model in models if _holds(model, day) and not model.shadow), key=lambda m: m.valid_from)
    newest = {model.model: model for model in begun}
    return [newest[name] for name in sorted(newest)]


def shadows_on(day: date, models: Iterable[RiskModel]) -> list[RiskModel]:
    """The versions that score beside those in force on a day."""
    return [model for model in models if model.shadow and _holds(model, day)]


def _holds(model: RiskModel, day: date) -> bool:
    return model.valid_from <= day and (model.valid_to is None or day <= model.valid_to)


def recorded(folder: Path) -> dict[str, str]:
    """The fingerprint of every version that was approved, as `risk/approved.csv` of a schemas folder keeps it."""
    path = folder / RECORD
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    return dict(line.split(",", 1) for line in lines if line)
