"""kill -9 at four moments of a run of the market road; `make crash` takes two hundred, of all contracts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.frozen import CONTRACTS
from tests.compare_lakes import to_the_second
from tests.crash.moments import STAGES, WRITES, moments


def test_a_killed_run_and_one_plain_run_equal_an_undisturbed_one(tmp_path: Path) -> None:
    seed = os.environ.get("LAKEWARDEN_CRASH_SEED", "11")
    command = [sys.executable, "-m", "tests.crash", "--moments", "4", "--seed", seed, "--folder", str(tmp_path)]
    told = subprocess.run(command, env={**os.environ, **CONTRACTS}, capture_output=True, text=True, check=False)
    print(told.stdout, told.stderr)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("equal") == 4


def test_moments_are_spread_over_all_stages_and_follow_from_the_seed() -> None:
    chosen = moments(200, 11)
    assert chosen == moments(200, 11)
    assert chosen != moments(200, 12)
    for stage in (*STAGES, WRITES):
        places = sorted(moment.far for moment in chosen if moment.stage == stage)
        assert len(places) >= 8
        gaps = [after - before for before, after in zip([0, *places], [*places, 1], strict=True)]
        assert max(gaps) < 0.3
    assert {moment.stage for moment in moments(4, 11)} == {"land", "conform", "base", "publish"}


def test_the_microsecond_of_a_receipt_is_no_difference_between_runs() -> None:
    """Seed 12, moment 22: killed while landing, the next run counted one receipt fewer before this one."""
    truth = "1782950400000005|8be77e02|000000002"
    assert to_the_second(truth) == to_the_second("1782950400000006|8be77e02|000000002")
    assert to_the_second({"claims": [("object_name", f"2|{truth}")]}["claims"]) != to_the_second(
        [("object_name", truth)]
    )
    assert to_the_second(truth) != to_the_second("1782950401000005|8be77e02|000000002")
    assert to_the_second(truth) != to_the_second("1782950400000005|8be77e02|000000003")
