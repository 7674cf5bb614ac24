"""The DAGs keep their promises: Airflow reads them in a process of its own, needing no home and no network."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_jobs import pipeline
from spark_jobs.judging import decide
from spark_jobs.lake.home import Home
from spark_jobs.landing.land import make_landing_zone
from tests.drops import GOOD, OTHER, drop, table

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
    assert set(read["dags"]) == {*CHAIN, "late"}


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
    assert waits_for == {"landing": [], "base": ["silver"], "gold": ["base"], "publish": ["gold"], "late": []}
    assert emits == {
        "landing": [[], ["silver"]],
        "base": [[], ["base"]],
        "gold": [["gold"]],
        "publish": [[], []],
        "late": [[]],
    }


def test_what_looks_at_the_clock(read: Any) -> None:
    clocks = {name: dag["clock"] for name, dag in read["dags"].items()}
    every = {"landing": "*/10 * * * *", "base": None, "gold": "10 0 * * *", "publish": "25 * * * *"}
    assert clocks == {**every, "late": "0 9 * * *"}


def test_one_task_writes_at_a_time_and_a_skipped_one_does_not_stop_the_next(read: Any) -> None:
    for dag in read["dags"].values():
        assert dag["runs"] == 1
        assert not dag["catchup"]
        for task in dag["tasks"].values():
            assert (task["pool"], task["rule"]) == ("lake", "none_failed")
            assert task["retries"] >= 1


def test_a_release_wakes_base_although_nothing_has_landed(tmp_path: Path) -> None:
    """A real run of the landing DAG, after a person released what was held: base has been built since nothing came."""
    home = Home(tmp_path / "lake")
    make_landing_zone(home)
    drop(home, "少.csv", table(GOOD, OTHER))
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        stage(home)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    env = {
        **kept,
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "LAKEWARDEN_HOME": str(home.path),
        "PYTHONPATH": str(PROJECT),
    }
    program = str(Path(sys.executable).with_name("airflow"))
    subprocess.run([program, "db", "migrate"], env=env, capture_output=True, check=True)
    states = []
    for decide_first in (False, True):
        if decide_first:
            decide.release(home, "少.csv", "王科长", "本月只有两家新设")
        subprocess.run([program, "dags", "test", "landing"], env=env, capture_output=True, check=True)
        with sqlite3.connect(tmp_path / "airflow" / "airflow.db") as metadata:
            tasks = metadata.execute("select task_id, state from task_instance").fetchall()
        states.append(dict(tasks))
    assert states == [{"land": "skipped", "conform": "skipped"}, {"land": "skipped", "conform": "success"}]
