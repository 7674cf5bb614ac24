"""`colours.yaml` flows in; which colour a metric or a value has on every page flows out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError, model_validator

from schemas.contract import Strict
from schemas.contract.read import refusal

COLOURS = Path(__file__).parent.parent / "colours.yaml"
INK = "navy"


class Colours(Strict):
    """Tones by name, and the name of the tone that a metric or a value has."""

    tones: dict[str, str]
    metrics: dict[str, str]
    values: dict[str, str]

    @model_validator(mode="after")
    def _names_tones(self) -> Colours:
        used = {*self.metrics.values(), *self.values.values()}
        if unknown := sorted(used - set(self.tones)):
            raise ValueError(f"no such tone: {', '.join(unknown)}")
        return self

    def of_metric(self, name: str) -> str | None:
        """The colour of a metric that has one of its own."""
        return self.tones[self.metrics[name]] if name in self.metrics else None

    def of_values(self) -> dict[str, str]:
        """The colours of values, by the label shown."""
        return {value: self.tones[tone] for value, tone in self.values.items()}


@cache
def colours() -> Colours:
    """The colours, read once."""
    try:
        return Colours.model_validate(yaml.safe_load(COLOURS.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise refusal(COLOURS, error) from None
