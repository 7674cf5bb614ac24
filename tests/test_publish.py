"""Publishing gives every version a file of its own; readers of the one before are not disturbed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from schemas.contract import contracts
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.services.environments import BI_BIN, PROJECT
from spark_jobs.serving.publish import publish_serving, serving_file

MONTHS = contracts()["gold.supervision_month"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "lake")
    home.create()
    return home


def deliver(home: Home, checks: int) -> None:
    """One row of gold with this figure."""
    schema = table_schema(MONTHS)
    row = {field.name: checks if pa.types.is_integer(field.type) else None for field in schema}
    path = home.table(MONTHS.layer, MONTHS.table)
    write_deltalake(path, pa.Table.from_pylist([row], schema=schema), mode="overwrite")


def published(home: Home, checks: int) -> Path:
    deliver(home, checks)
    assert publish_serving(home)["rows"] == 1
    return serving_file(home).resolve()


def shown(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as database:
        [(checks,)] = database.sql("select checks from gold.supervision_month").fetchall()
    return int(checks)


def test_a_new_version_has_a_path_of_its_own_and_the_one_before_can_still_be_read(home: Home) -> None:
    first = published(home, 1)
    second = published(home, 2)
    assert first != second
    assert (shown(first), shown(second), shown(serving_file(home))) == (1, 2, 2)


def test_only_two_versions_are_kept(home: Home) -> None:
    *_, before, last = [published(home, checks) for checks in range(4)]
    assert sorted(home.serving.glob("lakewarden-*.duckdb")) == [before, last]


def test_nothing_new_is_not_published(home: Home) -> None:
    version = published(home, 1)
    assert publish_serving(home) == {}
    assert serving_file(home).resolve() == version


def test_a_file_where_now_a_link_is_gives_way(home: Home) -> None:
    version = published(home, 1)
    serving_file(home).unlink()
    version.rename(serving_file(home))
    published(home, 2)
    assert serving_file(home).is_symlink()
    assert shown(serving_file(home)) == 2


def test_what_a_killed_publish_left_is_gone_after_the_next(home: Home) -> None:
    first = published(home, 1)
    for name in ("lakewarden-20260101T000000000000.duckdb", "lakewarden.part"):
        (home.serving / name).write_bytes(b"half")
    (home.serving / "lakewarden.link").symlink_to("nowhere")
    second = published(home, 2)
    assert sorted(home.serving.iterdir()) == sorted([first, second, serving_file(home)])


@pytest.mark.skipif(not (BI_BIN / "gunicorn").exists(), reason="Superset is not installed: make setup")
def test_superset_sees_a_new_version_at_once_even_while_somebody_reads_the_old(home: Home) -> None:
    """In Superset's own environment, without its application: connections and cache as its configuration has them."""
    published(home, 1)
    copy = home.path / "next.duckdb"
    with duckdb.connect(str(copy)) as database:
        database.execute("create schema gold")
        database.execute("create table gold.supervision_month as select 2 as checks")
    command = [BI_BIN / "python", "-m", "tests.superset_versions", serving_file(home), copy]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


@pytest.mark.skipif(not (BI_BIN / "gunicorn").exists(), reason="Superset is not installed: make setup")
def test_superset_shows_the_pages_declared_to_the_people_asked_for(tmp_path: Path) -> None:
    """A whole Superset, its metadata in a file instead of PostgreSQL."""
    settings = {
        "LAKEWARDEN_SUPERSET_DB": f"sqlite:///{tmp_path}/superset.db",
        "LAKEWARDEN_SUPERSET_USER": "admin",
        "LAKEWARDEN_SUPERSET_PASSWORD": "password of a test",
        "SUPERSET_SECRET_KEY": "0123456789abcdef" * 3,
    }
    command = [BI_BIN / "python", "-m", "tests.superset_pages", tmp_path]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, env=os.environ | settings)
    assert told.returncode == 0, told.stderr
