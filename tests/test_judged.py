"""What judging answered to some thousand rows of nasty cells, it answers still.

A change that is meant: `python -m tests.judged.record`, and the difference of tests/judged/answers shows what it did.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from tests.judged.fixture import ANSWERS, CONTRACTS, differences, read_answers

ROOT = Path(__file__).parent.parent
FEEDS = sorted(path.stem for path in ANSWERS.glob("*.jsonl"))
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
