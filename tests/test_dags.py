"""The DAGs keep their promises: Airflow reads them in a process of its own, needing no home and no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_jobs import pipeline

PROJECT = Path(__file__).parents[1]
CHAIN = ("landing", "base", "gold", "publish")


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("airflow")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "LAKEWARDEN"))}
    command = (sys.executable, str(PROJECT / "tests" / "read_dags.py"), str(PROJECT / "dags"), "read.json")
    env = {**kept, "AIRFLOW_HOME": str(folder), "PYTHONPATH": str(PROJECT)}
    told = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return json.loads((folder / "read.json").read_text())


def test_every_file_is_read_without_an_error(read: Any) -> None:
    assert read["errors"] == {}
    assert set(read["dags"]) == set(CHAIN)


def test_reading_imports_no_engine_and_no_stage_and_is_quick(read: Any) -> None:
    assert read["heavy"] == []
    assert read["stages"] == []
    assert read["seconds"] < 15


def test_every_dag_says_whose_it_is_and_what_it_does(read: Any) -> None:
    for dag in read["dags"].values():
        assert dag["tags"]
        assert len(dag["doc"]) > 100
        assert {task["owner"] for task in dag["tasks"].values()} == {"lakewarden"}


def test_names_are_chinese_and_ids_are_ascii(read: Any) -> None:
    for dag_id, dag in read["dags"].items():
        assert dag_id.isascii()
        assert not dag["name"].isascii()
        assert all(task_id.isascii() and not task["name"].isascii() for task_id, task in dag["tasks"].items())


def test_the_tasks_are_the_stages_of_the_pipeline_in_their_order(read: Any) -> None:
    tasks = [task for dag in CHAIN for task in read["dags"][dag]["tasks"]]
    assert tasks == [stage.__name__ for stage in pipeline.STAGES]


def test_assets_chain_the_dags(read: Any) -> None:
    waits_for = {name: dag["assets"] for name, dag in read["dags"].items()}
    emits = {name: [task["emits"] for task in dag["tasks"].values()] for name, dag in read["dags"].items()}
    assert waits_for == {"landing": [], "base": ["silver"], "gold": ["base"], "publish": ["gold"]}
    assert emits == {"landing": [[], ["silver"]], "base": [[], ["base"]], "gold": [["gold"]], "publish": [[], []]}


def test_only_landing_and_the_new_day_look_at_the_clock(read: Any) -> None:
    clocks = {name: dag["clock"] for name, dag in read["dags"].items()}
    assert clocks == {"landing": "*/10 * * * *", "base": None, "gold": "10 0 * * *", "publish": None}


def test_one_task_writes_at_a_time_and_a_skipped_one_does_not_stop_the_next(read: Any) -> None:
    for dag in read["dags"].values():
        assert dag["runs"] == 1
        assert not dag["catchup"]
        for task in dag["tasks"].values():
            assert (task["pool"], task["rule"]) == ("lake", "none_failed")
            assert task["retries"] >= 1
