"""The feeds of tests/judged/contracts and the cells to try flow in; the same deliveries, every time, flow out.

A row is a usual one with one cell to try, so that every rule is hit alone; a fifth as many have several of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from schemas.contract import Column, FeedContract, feeds
from schemas.contract.model import Strict
from schemas.contract.read import read_yaml
from tests.judged.cells import CELLS, cells_of, dressed, lengths
from tests.judged.fixture import Delivery, Row

FILES: dict[str, Any] = read_yaml(Path(__file__).with_name("files.yaml"))
USUAL: dict[str, str] = FILES["usual"]
SEED = 20261126
# Of the cells of its kind a column after the first of that kind tries every third.
APART = 3
DRESSED, EMPTY = 6, 4


class Shape(Strict):
    """How a file is made: which of its headings each column takes, which columns it lacks, what is usual in it."""

    file: str
    department: str
    last: bool = False
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    usual: dict[str, str] = Field(default={})


def deliveries() -> dict[str, list[Delivery]]:
    """The deliveries of every feed, without answers."""
    return {
        feed: [*_of_feed(feeds()[feed], [Shape.model_validate(shape) for shape in shapes])]
        for feed, shapes in FILES["files"].items()
    }


def _of_feed(contract: FeedContract, shapes: list[Shape]) -> Iterator[Delivery]:
    """One delivery a shape; the cells of a column are dealt out to the shapes that have it."""
    chance = random.Random(f"{SEED} {contract.name}")
    hands = {shape.file: _headings(contract, shape) for shape in shapes}
    tries: dict[str, list[tuple[str, str]]] = {shape.file: [] for shape in shapes}
    for column, cells in _tries(contract):
        having = [file for file, headings in hands.items() if column.name in headings]
        for number, cell in enumerate(cells):
            # What a heading scales is tried under each of the headings.
            scaled = {hands[file][column.name]: file for file in reversed(having)}
            is_scaled = any(heading.scale for heading in column.headings)
            for file in scaled.values() if is_scaled else [having[number % len(having)]]:
                tries[file].append((column.name, cell))
    for shape in shapes:
        yield _delivery(contract, shape, hands[shape.file], tries[shape.file], chance)


def _tries(contract: FeedContract) -> Iterator[tuple[Column, list[str]]]:
    """Every column with the cells to try in it; what has the headings of another column is tried with that."""
    moments = [column for column in contract.columns if column.type == "timestamp" and column.not_before]
    compared = {name for column in moments for name in (column.name, column.not_before)}
    seen: list[str] = []
    for number, column in enumerate(contract.columns):
        if column.parse == "currency":
            continue
        kind = f"{column.type} {column.check} {bool(column.check_when)} {column.parse} {column.codes}"
        cells = cells_of(column, column.name in compared)
        if kind in seen and not any(heading.scale for heading in column.headings):
            cells = cells[seen.count(kind) % APART :: APART]
        seen.append(kind)
        clothes, nothing = dressed(USUAL[column.name]), CELLS["nothing"][1:]
        yield column, [*cells, *lengths(column), *_few(clothes, DRESSED, number), "", *_few(nothing, EMPTY, number)]


def _few(cells: list[str], some: int, number: int) -> list[str]:
    """Some of many, other ones for each number."""
    return [cells[(number * some + place) % len(cells)] for place in range(some)]


def _headings(contract: FeedContract, shape: Shape) -> dict[str, str]:
    columns = [
        column
        for column in contract.columns
        if (column.name in shape.only if shape.only else column.name not in shape.without)
    ]
    return {column.name: column.headings[-1 if shape.last else 0].heading for column in columns}


def _delivery(
    contract: FeedContract, shape: Shape, headings: dict[str, str], tries: list[tuple[str, str]], chance: random.Random
) -> Delivery:
    """The usual row, then all others in no order but the same each time, and what is no row."""
    usual = _alike({name: {**USUAL, **shape.usual}[name] for name in headings}, headings, *shape.usual)
    number = next(name for name in contract.key if name.endswith("_no"))
    changes = [*({name: cell} for name, cell in tries), *_deletions(contract, headings)]
    changes += [dict(chance.sample(tries, chance.choice((2, 2, 3, 5)))) for _ in range(len(tries) // 5)]
    # A few rows have the number of another.
    numbered = [
        {number: f"{USUAL[number].strip('0')}{place - place % 50 // 49}"} for place in range(1, len(changes) + 2)
    ]
    chance.shuffle(changes)
    cells = [
        _alike({**usual, **own, **changed}, headings, *changed)
        for own, changed in zip(numbered, [{}, *changes], strict=True)
    ]
    rows = [*(Row(0, some) for some in cells), *_no_rows(shape, cells[0], headings[number])]
    return Delivery(shape.department, shape.file, headings, usual, rows)


def _deletions(contract: FeedContract, headings: dict[str, str]) -> Iterator[dict[str, str]]:
    """Rows that delete, each without one of the cells that others need."""
    for column in contract.columns if "cd_operation" in headings else ():
        if column.name in headings and column.required:
            yield {"cd_operation": "D", column.name: ""}


def _alike(cells: dict[str, str], headings: dict[str, str], *changed: str) -> dict[str, str]:
    """The cells where those under one heading are one cell, of several the one that was changed."""
    by_heading = {headings[name]: cells[name] for name in changed if name in headings}
    return {name: by_heading.get(headings[name], cell) for name, cell in cells.items()}


def _no_rows(shape: Shape, usual: dict[str, str], heading: str) -> Iterator[Row]:
    """Lines that do not split into as many cells as there are headings."""
    if shape.file.endswith(".json"):
        cell = f'"{heading}": "x"'
        texts = [f"{{{cell}", "[1, 2]", '"文字"', f'{{"{heading}": ["x"]}}', f"{{{cell}, {cell}}}"]
    else:
        cells = [cell.replace(",", "，") for cell in usual.values()]
        texts = ["只有一格", ",".join(cells[:-1]), ",".join([*cells, "多", "余"]), "长" * 1200]
    yield from (Row(0, {}, raw=text) for text in texts)
