"""How one file is written: what mess, amounts and departments share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """How one file is written."""

    suffix: str = "csv"
    encoding: str = "utf-8"
    newline: str = "\r\n"
    quote_all: bool = False
    dates: str = "iso"
    headings: int = 0
    labels: float = 0.0
    thousands: bool = False
    nothing: str = ""
    separator: str = ","

    @property
    def is_typed(self) -> bool:
        """Whether cells can be dates and numbers, not only text."""
        return self.suffix == "xlsx"
