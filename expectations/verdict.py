"""What the gate says of a delivery."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.contract import Severity


@dataclass(frozen=True)
class Verdict:
    """One expectation's answer for one delivery."""

    delivery: str
    figure: str
    observed: float | None
    minimum: float | None
    maximum: float | None
    is_met: bool
    severity: Severity
