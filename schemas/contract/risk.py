"""Risk model files flow in, frozen RiskModel objects flow out, or an error that names file, key and reason."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from schemas.contract import SCHEMAS, Contract, ContractError, Strict, contracts, shown

GRADES = ("red", "orange", "yellow", "blue")
GRADE_NAMES = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}
PROFILE = "themes.object_profile"
OBJECT = "base.supervised_object"
FULL = Decimal(100)

Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=2)]
Points = Annotated[Decimal, Field(gt=0, le=100, decimal_places=2)]
Days = Annotated[int, Field(gt=0)]
Literals = tuple[bool | str, ...]


class Events(Strict):
    """Rows of a base table about the object; `where` names a column's values that count."""

    kind: Literal["count", "sum"]
    table: Literal["check_action", "punish_action", "complaint"]
    date: str
    column: str | None = None
    where: dict[str, Literals] = Field(default_factory=dict)


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

    name: Annotated[str, Field(pattern="^[a-z][a-z_]*$")]
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


class Grades(Strict):
    """The least score of each grade; below yellow is blue."""

    red: Points
    orange: Points
    yellow: Points

    @model_validator(mode="after")
    def _fall(self) -> Grades:
        if not self.red > self.orange > self.yellow:
            raise ValueError("must fall from red to orange to yellow")
        return self


class RiskModel(Strict):
    """A version of a model; it is valid from its day until the next version's."""

    title: str
    doc: str
    model: str
    version: str
    valid_from: date
    grades: Grades
    indicators: tuple[Indicator, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> RiskModel:
        names = [indicator.name for indicator in self.indicators]
        if len(set(names)) < len(names):
            raise ValueError("two indicators have the same name")
        total = sum((indicator.weight for indicator in self.indicators), Decimal(0))
        if total != FULL:
            raise ValueError(f"the weights add up to {total}, not 100")
        return self


def _promises(indicator: Indicator) -> list[tuple[bool, str]]:
    """What must hold between the keys of an indicator, each with the words for when it does not."""
    measure = indicator.measure
    is_events, is_graded = isinstance(measure, Events), isinstance(measure, Events | DaysSince)
    oldest = max(indicator.decay, default=0)
    holes = set(re.findall(r"{(\w*)}", indicator.reason))
    return [
        (is_events == (indicator.window_days is not None), "window_days belongs to count and sum, and only to them"),
        (is_events or not indicator.decay, "decay belongs to count and sum"),
        (not is_events or oldest < (indicator.window_days or 0), "decay must lie inside window_days"),
        (is_graded == (bool(indicator.full_at) != bool(indicator.bands)), "needs either full_at or bands"),
        (is_graded or not (indicator.full_at or indicator.bands), "full_at and bands belong to count, sum, days_since"),
        (_rises(indicator.bands), "bands must rise, in value and in share"),
        (bool(indicator.missing) == bool(indicator.reason_missing), "missing and reason_missing go together"),
        (isinstance(measure, DaysSince) or not indicator.missing, "missing belongs to days_since"),
        (holes <= {"value", "days"}, f"reason: knows {{value}} and {{days}}, not {sorted(holes)}"),
        (not isinstance(measure, Events) or (measure.kind == "sum") == bool(measure.column), "sum needs a column"),
    ]


def _rises(bands: dict[int, Decimal]) -> bool:
    values, shares = list(bands), list(bands.values())
    return values == sorted(values) and shares == sorted(shares)


def read_risk_model(path: Path) -> RiskModel:
    """The model of one file; raises ContractError with `file: key: why`."""
    where = shown(path)
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
        model = RiskModel.model_validate(read)
    except yaml.YAMLError as error:
        raise ContractError(f"{where}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise ContractError(f"{where}: {_first(error, read)}") from None
    for indicator in model.indicators:
        for contract, column in _columns(indicator):
            if column not in {known.name for known in contract.columns}:
                raise ContractError(f"{where}: indicators.{indicator.name}: {contract.name} has no column {column}")
    return model


def _first(error: ValidationError, read: Any) -> str:
    """`key: why` of the first mistake, an indicator called by its name instead of its number."""
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"]]
    if len(parts) > 1 and parts[0] == "indicators" and isinstance(read["indicators"][int(parts[1])], dict):
        parts[1] = str(read["indicators"][int(parts[1])].get("name", parts[1]))
    why = {"extra_forbidden": "unknown key", "missing": "is missing"}.get(first["type"], first["msg"])
    return f"{'.'.join(parts) or '(file)'}: {why.removeprefix('Value error, ')}"


def _columns(indicator: Indicator) -> list[tuple[Contract, str]]:
    """The columns an indicator reads, with the contract that must have them."""
    measure = indicator.measure
    if isinstance(measure, Events):
        table = contracts()[f"base.{measure.table}"]
        named = [measure.date, *measure.where, *([measure.column] if measure.column else [])]
        return [(table, column) for column in named]
    if isinstance(measure, Flagged):
        return []
    return [(contracts()[PROFILE], measure.column)]


@cache
def risk_models() -> tuple[RiskModel, ...]:
    """Every version of every model, oldest first."""
    read = [read_risk_model(path) for path in sorted((SCHEMAS / "risk").glob("*.yaml"))]
    return tuple(sorted(read, key=lambda model: (model.model, model.valid_from)))


def risk_model(name: str, as_of: date) -> RiskModel:
    """The version of a model that is valid on a day."""
    valid = [model for model in risk_models() if model.model == name and model.valid_from <= as_of]
    if not valid:
        raise ContractError(f"schemas/risk: {name}: no version is valid on {as_of}")
    return valid[-1]
