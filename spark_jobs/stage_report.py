"""What a stage of a run did: the pipeline writes it, the worker sends it, the command prints it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class StageReport:
    """Whether any table changed, the stage's figures, what a person must see to, and its wall time in seconds.

    `wakes`: what follows has something to do although this stage had not, since somebody else changed the lake: a
    release, a replay, a run by hand, a mended contract, a build that failed. `told`: a table, line by line, of the
    files that were turned away, held or partly quarantined.
    """

    name: str
    changed: bool = False
    wakes: bool = False
    warnings: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    figures: dict[str, int | float | str] = field(default_factory=dict)
    seconds: float = 0.0
