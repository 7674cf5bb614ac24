"""Publishing gives every version a file of its own; readers of the one before are not disturbed."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake

from dashboards.render.assets import load
from schemas.contract import contracts
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.upkeep import SIZES
from spark_jobs.services.environments import BI_BIN, PROJECT
from spark_jobs.serving import publish, stored
from spark_jobs.serving.publish import publish_serving, served_names, serving_file

MONTHS = contracts()["gold.supervision_month"]
CHECKS = contracts()["base.check_action"]
Content = dict[str, tuple[object, Counter[str]]]


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


def published(home: Home, checks: int, rows: int = 1) -> Path:
    deliver(home, checks)
    assert publish_serving(home)["rows"] == rows
    return serving_file(home).resolve()


def shown(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as database:
        [(checks,)] = database.sql("select checks from gold.supervision_month").fetchall()
    return int(checks)


def check(home: Home, *codes: str, city: str = "420100", mode: Literal["append", "overwrite"] = "append") -> None:
    """Acts of base, in a data file of their own."""
    schema = table_schema(CHECKS)
    told = {"city_code": city, "region_code": city, "department": "scjg", "check_date": date(2026, 5, 4)}
    rows = [dict.fromkeys(schema.names) | told | {"check_action_code": code} for code in codes]
    write_deltalake(home.table("base", CHECKS.table), pa.Table.from_pylist(rows, schema=schema), mode=mode)


def content(home: Home) -> Content:
    """Columns with their types, and rows, of every table that people meet."""
    with duckdb.connect(str(serving_file(home).resolve()), read_only=True) as database:
        return {
            name: (
                database.execute(f"describe {name}").fetchall(),
                Counter(map(str, database.execute(f"select * from {name}").fetchall())),
            )
            for name in served_names(database)
        }


def anew(home: Home, place: Path) -> Content:
    """What a first publish of the same tables holds."""
    other = Home(place)
    other.serving.mkdir(parents=True)
    other.state.mkdir()
    other.warehouse.symlink_to(home.warehouse)
    publish_serving(other)
    return content(other)


def codes_served(home: Home) -> list[str]:
    with duckdb.connect(str(serving_file(home).resolve()), read_only=True) as database:
        return [
            code
            for (code,) in database.execute("select check_action_code from detail.check_action order by 1").fetchall()
        ]


@pytest.mark.parametrize("large", [0, SIZES[0]], ids=["each file alone", "small files together"])
def test_a_version_holds_what_one_written_anew_would(
    home: Home, tmp_path: Path, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "SIZES", (large,))
    acts = DeltaTable.create(home.table("base", CHECKS.table), table_schema(CHECKS))
    days: list[Callable[[], object]] = [
        lambda: deliver(home, 1),
        lambda: check(home, "A", "B"),
        lambda: check(home, "C"),
        lambda: DeltaTable(acts.table_uri).update({"withdrawn_at": "now()"}, predicate="check_action_code = 'B'"),
        lambda: deliver(home, 2),
        lambda: DeltaTable(acts.table_uri).optimize.compact(),
        lambda: check(home, "D", city="420200", mode="overwrite"),
        lambda: DeltaTable(acts.table_uri).delete(),
        lambda: check(home, "A", "A"),
    ]
    served = []
    for number, day in enumerate(days):
        day()
        publish_serving(home)
        assert content(home) == anew(home, tmp_path / f"anew_{number}")
        served.append("".join(codes_served(home)))
    assert served == ["", "AB", "ABC", "AC", "AC", "AC", "D", "", "AA"]


def test_yes_and_no_are_served_in_words(home: Home) -> None:
    contract = contracts()["gold.indicator"]
    schema = table_schema(contract)
    rows = [dict.fromkeys(schema.names) | {"is_breached": breached} for breached in (True, False, None)]
    write_deltalake(home.table(contract.layer, contract.table), pa.Table.from_pylist(rows, schema=schema))
    publish_serving(home)
    with duckdb.connect(str(serving_file(home).resolve()), read_only=True) as database:
        said = database.sql("select is_breached, is_breached_name from gold.indicator").fetchall()
    assert Counter(said) == Counter([(True, "是"), (False, "否"), (None, None)])


def test_every_act_has_its_kind_and_day(home: Home) -> None:
    check(home, "A", "B")
    publish_serving(home)
    with duckdb.connect(str(serving_file(home).resolve()), read_only=True) as database:
        days = database.execute("select act, city_name, department, month, day from detail.act_day").fetchall()
    assert days == [("check_action", "武汉市", "scjg", date(2026, 5, 1), date(2026, 5, 4))] * 2


def test_what_has_not_changed_is_not_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "SIZES", (0,))
    check(home, "A")
    published(home, 1, rows=2)
    for table in ("base/check_action", "gold/supervision_month"):
        for file in (home.warehouse / table).glob("*.parquet"):
            file.write_bytes(b"not to be read")
    check(home, "B")
    assert publish_serving(home)["rows"] == 3
    assert codes_served(home) == ["A", "B"]
    assert shown(serving_file(home)) == 1


def test_other_labels_are_written_into_every_table(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    check(home, "A")
    publish_serving(home)
    joined = stored.words()
    code = joined["code"]
    renamed = code.set_column(2, "label", pc.binary_join_element_wise(code["label"], "(新)", ""))
    monkeypatch.setattr(publish, "words", lambda: {**joined, "code": renamed})
    (home.state / "published.json").unlink()
    publish_serving(home)
    with duckdb.connect(str(serving_file(home).resolve()), read_only=True) as database:
        assert database.execute("select city_name from detail.check_action").fetchall() == [("武汉市(新)",)]


def test_a_version_that_cannot_be_read_is_no_beginning_of_the_next(home: Home) -> None:
    published(home, 1).write_bytes(b"half")
    published(home, 2)
    assert shown(serving_file(home)) == 2


def test_details_are_read_as_superset_opens_the_file_and_nothing_else_is(home: Home) -> None:
    check(home, "A")
    version = published(home, 1, rows=2)
    arguments = load()["databases/serving.yaml"]["extra"]["engine_params"]["connect_args"]
    with duckdb.connect(str(version), **arguments) as database:
        assert database.execute("select count(*) from detail.check_action").fetchall() == [(1,)]
        base, elsewhere = home.table("base", CHECKS.table), home.path / "elsewhere.duckdb"
        for refused in (
            "select * from read_csv('/etc/passwd')",
            f"select * from read_parquet('{base}/*.parquet')",
            f"attach '{elsewhere}' as elsewhere",
            f"copy detail.check_action to '{home.serving}/copy.parquet'",
            "set enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error, match=r"disabled|locked"):
                database.execute(refused)


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
    for name in ("lakewarden-20260101T000000000000.duckdb", "lakewarden.part", "lakewarden.part.wal"):
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
