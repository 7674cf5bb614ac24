"""Registers of inspections that are not in the lake, each a folder of files as its city published them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np

from spark_jobs.lake.home import Refused
from spark_jobs.risk.history import Numbers


@dataclass(frozen=True)
class Register:
    """Inspections by day: what was found, whether a row may be learned from and tested, who inspected if it is known.

    `known(rows, day)`: the numbers of these rows by name, from what was known before each row's day in `day`.
    `inspector` is never among them: it is taken out of what is learned, and makes the table of strictness.
    """

    ids: Numbers
    day: Numbers
    found: Numbers
    usable: Numbers
    inspector: Numbers
    known: Callable[[Numbers, Numbers], dict[str, Numbers]]
    groups: Mapping[str, Numbers] = field(default_factory=dict)


def read_register(name: str, folder: Path) -> Register:
    """The register that a study reads, from that folder; Refused where a file is missing or is another."""
    from spark_jobs.risk.registers import chicago, toronto

    readers: dict[str, Callable[[Path], Register]] = {"chicago": chicago.read, "toronto": toronto.read}
    if name not in readers:
        raise Refused(f"no register is called {name!r}; there are {', '.join(readers)}")
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder")
    return readers[name](folder)


def file_of(folder: Path, name: str) -> Path:
    """A file of the folder, packed or not."""
    for path in (folder / f"{name}.csv.gz", folder / f"{name}.csv"):
        if path.exists():
            return path
    raise Refused(f"{folder}: there is no {name}.csv.gz")


def days(texts: Numbers) -> Numbers:
    """Dates such as 2014-06-30 as whole days since 1970."""
    numbers: Numbers = np.asarray(texts, dtype="datetime64[D]").astype(int)
    return numbers


def day_number(day: date) -> int:
    """The number of one day."""
    return (day - date(1970, 1, 1)).days


def kilometres(latitude: Numbers, longitude: Numbers, around: tuple[float, float]) -> Numbers:
    """Places on a plane around a city's middle; good to a few metres within a city. NaN is far away from all."""
    north = (latitude - around[0]) * 111.2
    east = (longitude - around[1]) * 111.2 * np.cos(np.radians(around[0]))
    place: Numbers = np.nan_to_num(np.stack([north, east], axis=1), nan=1e6)
    return place


def shrunk(positives: Numbers, count: Numbers, rate: float, strength: float) -> Numbers:
    """A rate of few cases, drawn towards the usual one as if so many more cases had been seen."""
    return np.asarray((positives + strength * rate) / (count + strength))


def surprise(day: Numbers, found: Numbers, inspector: Numbers, strength: float = 50) -> Numbers:
    """How much more an inspection found than its inspector had found before that day, on average.

    Neighbours' findings so adjusted say what their places are like, not who goes there. An unknown inspector ("") is
    held against everybody.
    """
    names, who = np.unique(inspector, return_inverse=True)
    order = np.argsort(day, kind="stable")
    totals, everybody = np.zeros((len(names), 2)), np.zeros(2)
    expected = np.zeros(len(day))
    bounds = np.flatnonzero(np.diff(day[order], prepend=-1, append=1 << 40))
    for first, end in pairwise(bounds):
        rows = order[first:end]
        usual = (everybody[1] + 1) / (everybody[0] + 7)
        known = np.where((names[who[rows]] == "")[:, None], 0.0, totals[who[rows]])
        expected[rows] = shrunk(known[:, 1], known[:, 0], float(usual), strength)
        both = np.stack([np.ones(len(rows)), found[rows]], axis=1)
        np.add.at(totals, who[rows], both)
        everybody += both.sum(0)
    return np.asarray(found - expected)
