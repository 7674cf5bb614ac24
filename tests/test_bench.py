"""The bench runs from end to end at small sizes; how fast is no test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_quick_bench_measures_and_checks_that_the_work_was_done(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bench.landing",
        "--quick",
        "--rows",
        "20000",
        "--only",
        "silver",
        "--only",
        "idle",
    ]
    told = subprocess.run(
        [*command, "--data", str(tmp_path / "data"), "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    [result] = tmp_path.glob("landing-*.json")
    measures = {measure["name"]: measure for measure in json.loads(result.read_text())["measures"]}
    assert set(measures) == {"reference", "silver", "idle"}
    assert all(measure["value"] > 0 and measure["runs"][0]["peak_mib"] > 0 for measure in measures.values())
