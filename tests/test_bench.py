"""The bench runs from end to end at small sizes; how fast is no test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from bench.equal import Table, differences, row_differences
from spark_jobs.home import Home
from spark_jobs.lake import create_tables

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


def test_two_lakes_are_equal_until_a_cell_a_row_or_a_column_is_not(tmp_path: Path) -> None:
    reasons = [{"indicator": "complaints", "value": 2.0}, {"indicator": "age", "value": None}]
    scores = pa.table({"object_id": ["A", "B"], "score": [10, 20], "reasons": [reasons, reasons]})
    table = Table("gold.risk_score", ("object_id",), ("object_id", "score", "reasons"), {}, tolerance=1e-9)

    def said(other: pa.Table) -> list[str]:
        for name, rows in (("one", scores), ("other", other)):
            write_deltalake(tmp_path / name, rows, mode="overwrite", schema_mode="overwrite")
        return row_differences(table, DeltaTable(tmp_path / "one"), DeltaTable(tmp_path / "other"))

    def with_value(value: float) -> pa.Table:
        changed = [[{**reasons[0], "value": value}, reasons[1]], reasons]
        return scores.set_column(2, "reasons", pa.array(changed, scores.schema.field("reasons").type))

    assert said(scores.take([1, 0])) == []
    assert said(with_value(2.0 + 1e-12)) == []
    assert said(with_value(2.1))[0] == "gold.risk_score.reasons: 1 rows"
    assert said(scores.take([0])) == [
        "gold.risk_score: 1 rows only in the first",
        "gold.risk_score: object_id=B: only in the first",
    ]
    assert said(scores.take([0, 1, 1]))[0] == "gold.risk_score: 1 rows only in the second"


def test_a_table_that_only_one_side_has_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    create_tables(home)
    write_deltalake(home.table("themes", "market_firm_profile"), pa.table({"object_id": ["A"]}))
    assert differences(home.path, tmp_path / "nothing") == [
        "themes.market_firm_profile: 1 rows, and only the home has the table"
    ]
