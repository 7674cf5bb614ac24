"""A feed's sample flows in; the texts and numbers that its good rows show, for rows like them, flow out."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import numpy as np

from schemas.characters import narrowed
from schemas.contract import Column, FeedContract, code_list
from simulate.mess import NOTHING
from simulate.promises import broken
from simulate.values import bounded, kind_of
from simulate.word_lists import Array, Table

ROW_SPREAD, CELL_SPREAD = 0.15, 0.08  # numbers of a row grow and shrink together, and a little each by itself
FIRST_YEAR = 1900  # a whole number that may not be less is a year
NUMBER = re.compile("[0-9]{3,}")  # of a thing, in a text: another row's is another


class Sample:
    """Every row made is modelled on the sample's row most like it by its codes, so that unit and value go together."""

    def __init__(self, contract: FeedContract, made: Table, rng: np.random.Generator) -> None:
        self._shown = _good_rows(contract.sample)
        self._rng = rng
        self._count = count = len(next(iter(made.values()))) if made else 0
        likeness = rng.random((len(self._shown), count))
        for column in contract.columns:
            if column.codes and column.name in made:
                codes = [_code_of(column.codes, _cell(column, row)[0]) for row in self._shown]
                likeness += np.array(codes, dtype=object)[:, None] == made[column.name][None, :]
        self._model = likeness.argmax(axis=0) if self._shown else np.zeros(count, int)
        self._size = rng.lognormal(0, ROW_SPREAD, count)

    def values(self, column: Column) -> Array | None:
        """Numbers near those shown, texts as shown with other numbers in them; None where no good row shows one."""
        shown = [self._value(column, row) for row in self._shown]
        given = np.array([number for number, value in enumerate(shown) if value is not None], int)
        if not len(given):
            return None
        is_given = np.isin(self._model, given)
        values = np.array(shown, dtype=object)[np.where(is_given, self._model, self._rng.choice(given, self._count))]
        return self._near(column, values.astype(float)) if kind_of(column) == "f" else self._renumbered(column, values)

    def _value(self, column: Column, row: dict[str, str]) -> float | str | None:
        text, scale = _cell(column, row)
        if not text or text in NOTHING:
            return None
        if kind_of(column) == "f":
            return float(text) * float(scale) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None
        return None if broken(column, text) else text

    def _near(self, column: Column, numbers: Array) -> Array:
        if (column.min or 0) < FIRST_YEAR:
            numbers = numbers * self._size * self._rng.lognormal(0, CELL_SPREAD, self._count)
        return bounded(column, numbers)

    def _renumbered(self, column: Column, values: Array) -> Array:
        if not any(NUMBER.search(text) for text in set(values.tolist())):
            return values
        others = [NUMBER.sub(self._other_number, text) for text in values]
        return np.array([old if broken(column, new) else new for old, new in zip(values, others, strict=True)], object)

    def _other_number(self, found: re.Match[str]) -> str:
        return "".join(map(str, self._rng.integers(0, 10, len(found[0]))))


@cache
def _good_rows(sample: Path | None) -> list[dict[str, str]]:
    """The cells by heading of the rows that the sample's last column finds no fault with."""
    if not (sample and sample.exists()):
        return []
    with sample.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if not row["#expect"]]


def _cell(column: Column, row: dict[str, str]) -> tuple[str, float]:
    """What a sample's row has for a column, and what its heading multiplies it by."""
    heading = next((heading for heading in column.headings if heading.heading in row), None)
    return (row[heading.heading].strip(), float(heading.scale or 1)) if heading else ("", 1.0)


@cache
def _code_of(codes: str, text: str) -> str | None:
    """The code that a cell spells."""
    wanted = narrowed(text).upper()
    return next((code.code for code in code_list(codes) if wanted in _spellings(codes)[code.code]), None)


@cache
def _spellings(codes: str) -> dict[str, set[str]]:
    return {
        code.code: {narrowed(text).strip().upper() for text in (code.code, code.label, *code.aliases)}
        for code in code_list(codes)
    }
