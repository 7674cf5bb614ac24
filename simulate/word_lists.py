"""Word lists and tables beside this module flow in, arrays of words and rows flow out."""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

Array = npt.NDArray[Any]
Table = dict[str, Array]

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Industry:
    """One class of GB/T 4754 as firms of the province spread over it; risk is on the logit scale."""

    code: str
    share: float
    individual: float
    risk: float
    complaints: float
    departments: tuple[str, ...]
    shop: tuple[str, ...]
    firm: tuple[str, ...]
    scope: str


@dataclass(frozen=True)
class Item:
    """One supervision item of a department; `applies` are beginnings of the industry codes it is for."""

    department: str
    main: str
    sub: str
    name: str
    sub_name: str
    object_class: str
    item_class: str
    province: str
    applies: tuple[str, ...]
    weight: float
    basis: str
    fact: str
    accord: str

    def fits(self, industry: str) -> bool:
        """Whether a firm of that industry can be checked under the item."""
        return self.applies == ("*",) or industry.startswith(self.applies)


def random_for(seed: int, *purpose: str) -> np.random.Generator:
    """A generator of its own for every purpose, so that one more draw here changes nothing there."""
    return np.random.default_rng([seed, zlib.crc32("/".join(purpose).encode())])


@cache
def words(name: str) -> Array:
    """The words of one list."""
    lists: dict[str, list[str]] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    return np.array(lists[name], dtype=object)


def some(rng: np.random.Generator, name: str, count: int) -> Array:
    """`count` words of a list, drawn evenly."""
    return rng.choice(words(name), count)


def person_names(rng: np.random.Generator, count: int) -> Array:
    """Names of people who do not exist."""
    second = np.where(rng.random(count) < 0.7, some(rng, "given_second", count), "")
    drawn: Array = some(rng, "surname", count) + some(rng, "given_first", count) + second
    return drawn


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


@cache
def industries() -> tuple[Industry, ...]:
    """The industry mix."""
    return tuple(
        Industry(
            code=row["code"],
            share=float(row["share"]),
            individual=float(row["individual"]),
            risk=float(row["risk"]),
            complaints=float(row["complaints"]),
            departments=("scjg", *_split(row["departments"])),
            shop=_split(row["shop"]),
            firm=_split(row["firm"]),
            scope=row["scope"],
        )
        for row in _rows("industries.csv")
    )


@cache
def items() -> tuple[Item, ...]:
    """The supervision items of all departments."""
    return tuple(
        Item(**{**row, "applies": _split(row["applies"]), "weight": float(row["weight"])})  # type: ignore[arg-type]
        for row in _rows("items.csv")
    )
