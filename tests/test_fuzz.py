"""500 hostile files; `make fuzz` lands ten thousand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.batch import run
from tests.fuzz.families import make

FILES = 500


@pytest.fixture
def seed() -> int:
    """Printed, so that a failure can be repeated: LAKEWARDEN_FUZZ_SEED chooses another."""
    chosen = int(os.environ.get("LAKEWARDEN_FUZZ_SEED", "7"))
    print(f"LAKEWARDEN_FUZZ_SEED={chosen}")
    return chosen


def test_every_hostile_file_gets_one_verdict_and_every_row_is_accounted_for(seed: int, tmp_path: Path) -> None:
    tally = run([make(seed, number) for number in range(FILES)], tmp_path)
    print(f"land {tally.seconds:.1f} s, slowest {tally.slowest:.1f} s, memory {tally.memory >> 20} MiB, {tally.states}")
    assert [f"file {o.case.number if o.case else '?'}, seed {seed}: {o.what}" for o in tally.offences] == []
    assert {"accepted", "held", "refused", "unpacked"} <= tally.states.keys()


def test_a_seed_makes_the_same_files_again(tmp_path: Path) -> None:
    contents = []
    for turn in ("one", "two"):
        folder = tmp_path / turn
        folder.mkdir()
        cases = [
            case for case in (make(3, number) for number in range(60)) if case.what.startswith(("text", "zip", "json"))
        ]
        for case in cases:
            case.put(folder / case.mark)
        contents.append([(case.name, (folder / case.mark).read_bytes()) for case in cases])
    assert contents[0] == contents[1]
