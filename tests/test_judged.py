"""What judging answered to some thousand rows of nasty cells, it answers still.

A change that is meant: `python -m tests.judged.record`, and the difference of tests/judged/answers shows what it did.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.judged.fixture import ANSWERS, CONTRACTS, Delivery, Row, differences, read_answers

ROOT = Path(__file__).parent.parent
FEEDS = sorted(path.stem for path in ANSWERS.glob("*.jsonl"))
WRONG: list[dict[str, Any]] = [
    json.loads(line) for line in (ANSWERS.parent / "wrong_today.jsonl").read_text(encoding="utf-8").splitlines()
]
SHOWN = 10


def run(*words: str) -> None:
    """Runs a module in a process of its own: contracts are read once a process."""
    known = {**os.environ, "LAKEWARDEN_CONTRACTS": str(CONTRACTS)}
    told = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=known, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the answers of today."""
    folder = tmp_path_factory.mktemp("judged")
    run("tests.judged.record", "--into", str(folder))
    return folder


def test_the_contracts_pass_the_lint() -> None:
    run("schemas", "lint")


@pytest.mark.parametrize("feed", FEEDS)
def test_every_row_and_profile_is_as_it_was(today: Path, feed: str) -> None:
    before, after = (read_answers(folder / f"{feed}.jsonl") for folder in (ANSWERS, today))
    if found := [*islice(differences(before, after), SHOWN)]:
        pytest.fail("\n".join(found), pytrace=False)


def test_what_is_known_to_be_wrong_is_answered_so() -> None:
    answers = {feed: read_answers(ANSWERS / f"{feed}.jsonl") for feed in FEEDS}
    for wrong in (entry for entry in WRONG if entry.get("recorded", True)):
        found = _answer(answers[wrong["feed"]], wrong["column"], wrong["cell"])
        assert found == wrong["today"], wrong


def _answer(deliveries: list[Delivery], column: str, cell: str) -> Any:
    """The value of the cell where it alone is unusual, or the first reason against it."""
    row = next(
        row
        for one in deliveries
        if column in one.headings
        for row in one.rows
        if row.raw is None and row.cells[column] == cell and _is_alone(row, one, column)
    )
    if row.typed is not None:
        return row.typed[column]
    return next(f"turned away: {text.split(': ')[1]}" for text in row.reasons if text.startswith(f"{column}: "))


def _is_alone(row: Row, delivery: Delivery, column: str) -> bool:
    """Whether all other cells are usual but the row's number, which stands first."""
    number = next(iter(delivery.usual))
    unusual = {name for name, cell in row.cells.items() if cell != delivery.usual[name]}
    return {delivery.headings[name] for name in unusual - {number}} <= {delivery.headings[column]}
