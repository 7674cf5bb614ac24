"""A seed and a number flow in; one thing to put into a landing zone flows out, with what must become of it."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from schemas.contract import deliverers, feeds

SAMPLES = Path(__file__).parents[2] / "samples"
DEPARTMENTS = ("scjg", "yjj", "yjgl")
TAKEN, REFUSED = "taken", "refused"


@dataclass(frozen=True)
class Case:
    """One thing in the landing zone.

    `rows` is how many rows it delivers if it is taken, counted by who wrote it; None where nobody could say. `fate` is
    `taken`, `refused`, or empty where either will do. `members` is how many files an archive holds if it is unpacked.
    """

    number: int
    what: str
    place: str
    name: bytes
    put: Callable[[Path], None]
    rows: int | None = None
    fate: str = ""
    members: int | None = None
    verdicts: tuple[int, ...] = (1,)

    @property
    def mark(self) -> str:
        """What its name holds, whatever else has become of it."""
        return mark(self.number)


def mark(number: int) -> str:
    """Tells one case's file from another's."""
    return f"f{number:06d}"


@dataclass
class Rows:
    """A feed's headings and rows as text, before anything is done to them."""

    feed: str
    place: str
    headings: list[str]
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Draw:
    """The dice of one case: everything random about it comes from here."""

    number: int
    random: random.Random

    @classmethod
    def of(cls, seed: int, number: int) -> Draw:
        return cls(number, random.Random(f"{seed}/{number}"))  # a text seeds alike everywhere

    def rows(self, count: int | None = None) -> Rows:
        """Some rows of a real feed; their keys hold the case's number, so that no two files are the same."""
        sheet = _sample(self.random.choice(FEEDS))
        key = sheet.headings.index(feeds()[sheet.feed].column(feeds()[sheet.feed].key[0]).headings[0].heading)
        wanted = self.random.randint(1, 12) if count is None else count
        rows = [list(sheet.rows[number % len(sheet.rows)]) for number in range(wanted)]
        for number, row in enumerate(rows):
            row[key] = f"{mark(self.number)}-{number}"
        feed = feeds()[sheet.feed]
        senders = [name for name in deliverers(feed) if name in DEPARTMENTS]
        place = f"{self.random.choice(senders)}/{feed.folder}"
        return replace(sheet, place=place, headings=list(sheet.headings), rows=rows)

    def some(self, most: int) -> int:
        return self.random.randint(1, most)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def case(self, what: str, place: str, ending: str, content: bytes, **known: object) -> Case:
        """A case that is one ordinary file."""
        name = f"{mark(self.number)}{ending}".encode()
        return Case(self.number, what, place, name, lambda path: _write(path, content), **known)  # type: ignore[arg-type]


FEEDS = ("check_action", "complaint", "officer", "punish_action", "supervision_item", "scjg/enterprise")


def _sample(name: str) -> Rows:
    """The rows of a sample, good and bad alike, without their verdicts."""
    if name not in _samples:
        with (SAMPLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            headings, *rows = [row[:-1] for row in csv.reader(file)]
        _samples[name] = Rows(name.replace("/", "_"), name, headings, rows)
    return _samples[name]


_samples: dict[str, Rows] = {}


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
