"""Local services start, stay, move out of the way and stop: with a real PostgreSQL in a passing home."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import psutil
import psycopg2
import pytest

from spark_jobs.lake.home import Home, Refused
from spark_jobs.services import (
    ServiceFailed,
    addresses,
    airflow_server,
    down,
    ports,
    postgres,
    superset_server,
    up,
    wake,
)
from spark_jobs.services.doctor import doctor
from spark_jobs.services.keys import DEMO, DEMO_OPERATOR, login, operators, secret
from spark_jobs.services.process import Record, Service, await_health, launch, record_path, running, stop
from tests.deadline import wait_for

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
PARENT = (sys.executable, "-c", f"import subprocess, time; subprocess.Popen({SLEEPER!r}); time.sleep(600)")


class Told(list[str]):
    """A `say` that remembers."""

    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    for name in [name for name in os.environ if name.startswith("LAKEWARDEN_")]:
        monkeypatch.delenv(name)
    made = Home(tmp_path / "lake")
    made.create()
    yield made
    for path in (made.state / "run").glob("*.json"):
        stop(made, path.stem)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("server") / "lake")
    up(made, services=["postgres"], say=Told())
    yield made
    down(made, Told())


def sleeper(name: str = "sleeper", command: tuple[str, ...] = SLEEPER, healthy: bool = True, **env: str) -> Service:
    return Service(name, command, lambda _started: healthy, env, patience=1)


def family_of_two(record: Record) -> list[psutil.Process]:
    """The service with its child, or nothing yet."""
    family = record.family()
    return family if len(family) > 1 else []


def connected(home: Home, database: str) -> str:
    connection = psycopg2.connect(postgres.uri(home, database))
    try:
        with connection.cursor() as cursor:
            cursor.execute("select current_database()")
            row = cursor.fetchone()
            assert row is not None
            return str(row[0])
    finally:
        connection.close()


def test_up_makes_a_postgres_with_both_databases(server: Home) -> None:
    assert connected(server, "airflow") == "airflow"
    assert connected(server, "superset") == "superset"
    assert set(addresses(server)) == {"postgres"}


def test_postgres_listens_on_a_private_socket_only(server: Home) -> None:
    record = running(server, "postgres")
    assert record is not None
    process = psutil.Process(record.pid)
    assert process.uids().effective != 0
    assert not [one for one in process.net_connections() if one.family != socket.AF_UNIX]
    assert stat.S_IMODE(postgres.socket_folder(server).stat().st_mode) == 0o700


def test_up_again_changes_nothing_and_is_quick(server: Home) -> None:
    before, told, started = running(server, "postgres"), Told(), time.monotonic()
    up(server, services=["postgres"], say=told)
    assert running(server, "postgres") == before
    assert told == []
    assert time.monotonic() - started < 3


def test_a_killed_postgres_comes_back_with_its_data(server: Home) -> None:
    record = running(server, "postgres")
    assert record is not None
    family = record.family()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    # A killed process still counts as running for a moment; `up` would then leave it alone.
    psutil.wait_procs(family, timeout=10)
    up(server, services=["postgres"], say=Told())
    assert connected(server, "superset") == "superset"


def test_a_home_with_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    far = Home(tmp_path / ("x" * 90) / "湖 仓" / "lake")
    up(far, services=["postgres"], say=Told())
    try:
        assert connected(far, "airflow") == "airflow"
    finally:
        down(far, Told())
        shutil.rmtree(postgres.socket_folder(far), ignore_errors=True)


def test_a_named_server_is_used_instead(server: Home, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_POSTGRES", f"postgresql://postgres@?host={postgres.socket_folder(server)}")
    up(home, services=["postgres"], say=Told())
    assert connected(home, "airflow") == "airflow"
    assert addresses(home) == {}


def test_a_server_that_is_no_postgres_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_POSTGRES", "mysql://root@localhost")
    with pytest.raises(Refused, match="LAKEWARDEN_POSTGRES"):
        up(home, services=["postgres"], say=Told())


def test_down_stops_children_too_and_says_so_once(home: Home) -> None:
    launch(home, sleeper("engine", PARENT), Told())
    record = running(home, "engine")
    assert record is not None
    family = wait_for("its child has started", lambda: family_of_two(record))
    told = Told()
    down(home, told)
    down(home, told)
    assert told == ["engine: stopped", "nothing is running"]
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)


def test_children_of_a_killed_service_are_stopped_too(home: Home) -> None:
    launch(home, sleeper("engine", PARENT), Told())
    record = running(home, "engine")
    assert record is not None
    family = wait_for("its child has started", lambda: family_of_two(record))
    os.kill(record.pid, signal.SIGKILL)
    wait_for("it is gone", lambda: record.leader() is None)
    assert stop(home, "engine")
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)


def test_a_process_that_only_has_the_number_of_a_stale_pid_file_lives_on(home: Home) -> None:
    with subprocess.Popen(SLEEPER, start_new_session=True) as stranger:
        started = psutil.Process(stranger.pid).create_time() - 3600
        stale = Record("engine", stranger.pid, started, "", "", signal.SIGTERM, 1)
        record_path(home, "engine").parent.mkdir(parents=True)
        record_path(home, "engine").write_text(json.dumps(asdict(stale)))
        assert running(home, "engine") is None
        told = Told()
        down(home, told)
        assert told == ["nothing is running"]
        assert stranger.poll() is None
        stranger.kill()


def test_a_torn_pid_file_is_no_obstacle(home: Home) -> None:
    record_path(home, "sleeper").parent.mkdir(parents=True)
    record_path(home, "sleeper").write_text('{"name": "slee')
    assert launch(home, sleeper(), Told())
    assert running(home, "sleeper")


def test_a_changed_declaration_restarts_a_service_and_the_same_one_does_not(home: Home) -> None:
    told = Told()
    assert launch(home, sleeper(A="1"), told)
    first = running(home, "sleeper")
    assert not launch(home, sleeper(A="1"), told)
    assert running(home, "sleeper") == first
    assert launch(home, sleeper(A="2"), told)
    assert first is not None
    assert first.leader() is None
    assert told == ["sleeper: restarting, its settings changed"]


def test_a_service_that_dies_shows_its_last_words(home: Home) -> None:
    service = sleeper(command=(sys.executable, "-c", "raise SystemExit('no such lake')"), healthy=False)
    launch(home, service, Told())
    with pytest.raises(ServiceFailed, match=r"stopped while starting(?s:.*)sleeper\.log(?s:.*)no such lake"):
        await_health(home, service)


def test_a_service_that_never_answers_is_given_up(home: Home) -> None:
    launch(home, sleeper(healthy=False), Told())
    with pytest.raises(ServiceFailed, match="does not answer after 1 s"):
        await_health(home, sleeper(healthy=False))


def test_a_busy_port_moves_and_the_choice_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    with socket.create_server((ports.HOST, 0)) as busy:
        wish = busy.getsockname()[1]
        monkeypatch.setenv("LAKEWARDEN_PORT_AIRFLOW", str(wish))
        moved = ports.settle(home, "airflow", "airflow-api", told)
    assert moved > wish
    assert told == [f"airflow: port {wish} is busy, using {moved}"]
    monkeypatch.delenv("LAKEWARDEN_PORT_AIRFLOW")
    assert ports.settle(home, "airflow", "airflow-api", told) == moved
    assert ports.chosen(home) == {"airflow": moved}


def test_a_port_that_is_no_port_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_PORT_SUPERSET", "80x")
    with pytest.raises(Refused, match="LAKEWARDEN_PORT_SUPERSET"):
        ports.settle(home, "superset", "superset", Told())


def test_a_failed_start_leaves_nothing_running(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL is up by the time that Superset's port turns out to be none; a service from before runs on."""
    launch(home, sleeper("engine"), Told())
    before = running(home, "engine")
    monkeypatch.setenv("LAKEWARDEN_PORT_SUPERSET", "80x")
    told = Told()
    with pytest.raises(Refused, match="LAKEWARDEN_PORT_SUPERSET"):
        up(home, services=["superset"], say=told)
    assert any(line.startswith("postgres: ready") for line in told)
    assert told[-1] == "postgres: stopped"
    assert running(home, "postgres") is None
    assert running(home, "engine") == before


def test_secrets_are_made_once_and_are_private(home: Home) -> None:
    assert secret(home, "superset") == secret(home, "superset") != secret(home, "airflow-jwt")
    told = Told()
    made = login(home, demo=False, say=told)
    assert login(home, demo=False, say=told) == made
    assert len(told) == 1
    assert made.password in told[0]
    assert login(home, demo=True, say=told) == DEMO == login(home, demo=False, say=told)
    kept = list((home.state / "secrets").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_airflow_s_pages_are_chinese_by_default(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.airflow_pages"],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr


def test_an_operator_runs_dags_and_is_no_administrator(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_POSTGRES", "postgresql://nobody@127.0.0.1:1")
    assert operators(demo=False) == []
    assert operators(demo=True) == [DEMO_OPERATOR]
    monkeypatch.setenv("LAKEWARDEN_OPERATOR", "yunwei:password")
    [operator] = operators(demo=True)
    env = airflow_server.settings(home, 8080, "sc://127.0.0.1:1", DEMO, [operator])
    assert env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "demo:admin,yunwei:user"
    assert superset_server.settings(home, DEMO, demo=True)["LAKEWARDEN_OPERATOR"] == "yunwei:password"
    monkeypatch.setenv("LAKEWARDEN_OPERATOR", "yunwei")
    with pytest.raises(Refused, match="user:password"):
        operators(demo=False)


def test_nothing_is_woken_where_no_airflow_runs(home: Home) -> None:
    assert not wake(home)


def test_an_unknown_service_is_refused_by_name(home: Home) -> None:
    with pytest.raises(Refused, match="no such service: kafka"):
        up(home, services=["kafka"], say=Told())


def test_doctor_finds_what_is_wrong(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((ports.HOST, 0)) as busy:
        monkeypatch.setenv("LAKEWARDEN_PORT_AIRFLOW", str(busy.getsockname()[1]))
        monkeypatch.setenv("LAKEWARDEN_PORT_SUPERSET", "no")
        found = {finding.subject: finding for finding in doctor(home)}
    assert found["PostgreSQL"].state == "ok"
    assert found["home"].state == "ok"
    assert found["port of airflow"].state == "warn"
    assert found["port of airflow"].advice
    assert found["port of superset"].state == "fail"
