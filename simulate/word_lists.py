"""Word lists and tables beside this module flow in, arrays of words and rows flow out."""

from __future__ import annotations

import csv
import zlib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BeforeValidator

from schemas.contract import Strict

Array = npt.NDArray[Any]
Table = dict[str, Array]
Row = dict[str, Any]
Read = TypeVar("Read", bound=Strict)
Words = Annotated[tuple[str, ...], BeforeValidator(lambda text: tuple(filter(None, text.split("|"))))]

HERE = Path(__file__).parent


class Industry(Strict):
    """One class of GB/T 4754 as firms of the province spread over it; risk is on the logit scale."""

    code: str
    share: float
    individual: float
    risk: float
    complaints: float
    departments: Words
    shop: Words
    firm: Words
    scope: str


class Item(Strict):
    """One supervision item of a department; `applies` are beginnings of the industry codes it is for."""

    department: str
    main: str
    sub: str
    name: str
    sub_name: str
    object_class: str
    item_class: str
    province: str
    applies: Words
    weight: float
    basis: str
    fact: str
    accord: str

    def fits(self, industry: str) -> bool:
        """Whether a firm of that industry can be checked under the item."""
        return self.applies == ("*",) or industry.startswith(self.applies)


def texts(values: list[str]) -> Array:
    """Python strings as an array, none of them cut."""
    return np.array(values, dtype=object)


def random_for(seed: int, *purpose: str) -> np.random.Generator:
    """A generator of its own for every purpose, so that one more draw here changes nothing there."""
    return np.random.default_rng([seed, zlib.crc32("/".join(purpose).encode())])


@cache
def _word_lists() -> dict[str, Array]:
    lists: dict[str, list[str]] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    return {name: texts(listed) for name, listed in lists.items()}


def words(name: str) -> Array:
    """The words of one list."""
    return _word_lists()[name]


def some(rng: np.random.Generator, name: str, count: int) -> Array:
    """`count` words of a list, drawn evenly."""
    return rng.choice(words(name), count)


def person_names(rng: np.random.Generator, count: int) -> Array:
    """Names of people who do not exist."""
    second = np.where(rng.random(count) < 0.7, some(rng, "given_second", count), "")
    drawn: Array = some(rng, "surname", count) + some(rng, "given_first", count) + second
    return drawn


@cache
def read_rows(name: str, kind: type[Read]) -> tuple[Read, ...]:
    """The rows of a CSV file beside this module."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return tuple(kind.model_validate(row) for row in csv.DictReader(file))


@cache
def industries() -> tuple[Industry, ...]:
    """The industry mix."""
    return read_rows("industries.csv", Industry)


@cache
def items() -> tuple[Item, ...]:
    """The supervision items of all departments."""
    return read_rows("items.csv", Item)


def table_of(rows: list[Row]) -> Table:
    """Rows as columns: days and moments, numbers, yes or no, lists of officers, texts."""
    columns: Table = {}
    for name, first in rows[0].items() if rows else ():
        values = [row[name] for row in rows]
        if isinstance(first, np.datetime64):
            columns[name] = np.array(values)
        elif isinstance(first, np.ndarray):
            columns[name] = np.stack(values)
        else:
            columns[name] = texts(values) if isinstance(first, str) else np.array(values)
    return columns
