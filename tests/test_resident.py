"""A real worker beside a home: stages come to the same with it and without it, whatever ends in the middle."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, answer_challenge
from pathlib import Path
from threading import Thread

import psutil
import pytest

from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.ledger import landed
from spark_jobs.resident.client import answers
from spark_jobs.resident.door import admit, knock, open_door, read_door
from spark_jobs.resident.worker import _portable
from spark_jobs.services import down, up
from spark_jobs.services.doctor import _worker
from spark_jobs.services.process import running
from tests.crash.alike import differences
from tests.crash.province import FIRST, SECOND, second_half
from tests.deadline import wait_for
from tests.declaring import CONTRACTS, FROZEN
from tests.drops import GOOD, drop, table

PROJECT = Path(__file__).parents[1]
SILENT = {"say": lambda _line: None}
HEAVY = ("deltalake", "pyspark", "dbt", "great_expectations", "duckdb")
SECONDS = re.compile(r" *[0-9.]+ s|(?<=[0-9]) +[0-9.]+$", re.MULTILINE)
# What a client tells: who did the stage, and what it imported for it.
STAGE = f"""
import sys
from pathlib import Path
from spark_jobs import pipeline
from spark_jobs.lake.home import Home
report = getattr(pipeline, sys.argv[2])(Home(Path(sys.argv[1])))
print("changed" if report.changed else "same", *[name for name in {HEAVY} if name in sys.modules])
"""

# Simulated by a process of its own, which knows no other contracts.
FIRST_HALF = """
import sys
from pathlib import Path
from spark_jobs.lake.home import Home
from tests.crash.province import first_half
print(first_half(Home(Path(sys.argv[1])), 11))
"""


@dataclass
class Lakes:
    """One home without a worker and one with it; both saw half of a tiny province, and have the other half to land."""

    plain: Home
    worked: Home
    extra: Path
    """The folder of contracts that its worker was started with."""
    doomed: Home
    """A third home, as the others were."""


def command(home: Home, *words: str, **settings: str) -> subprocess.Popen[str]:
    """`lakewarden` at work in a process of its own."""
    return _start(["-m", "spark_jobs.command.cli", "--home", str(home.path), *words], settings)


def stage(home: Home, name: str, **settings: str) -> subprocess.Popen[str]:
    """A stage as Airflow starts it."""
    return _start(["-c", STAGE, str(home.path), name], settings)


def _start(words: list[str], settings: dict[str, str]) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAKEWARDEN", "SPARK"))}
    env = {**kept, "PYTHONPATH": str(PROJECT), CONTRACTS: str(FROZEN), **SECOND, **settings}
    return subprocess.Popen(
        [sys.executable, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT
    )


def told(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit code, and what it said on standard output and standard error."""
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakes]:
    folder = tmp_path_factory.mktemp("resident")
    plain, worked, doomed = (Home(folder / name) for name in ("plain", "worked", "doomed"))
    extra = folder / "extra"
    code, rest, said = told(_start(["-c", FIRST_HALF, str(plain.path)], FIRST))
    assert code == 0, said
    code, _, said = told(command(plain, "run", **FIRST))
    assert code in (0, 1), said
    second_half(plain, Path(rest.strip()))
    for home in (worked, doomed):
        shutil.copytree(plain.path, home.path, symlinks=True)
    (extra / "feeds").mkdir(parents=True)
    start_worker(worked, LAKEWARDEN_SCHEMAS=str(extra))
    try:
        yield Lakes(plain, worked, extra, doomed)
    finally:
        down(worked, **SILENT)


def start_worker(home: Home, **settings: str) -> None:
    """A worker that reads the contracts that its clients read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SPARK_REMOTE", raising=False)
        for name, value in {CONTRACTS: str(FROZEN), **settings}.items():
            patch.setenv(name, value)
        up(home, services=["worker"], **SILENT)


def ours(lakes: Lakes) -> dict[str, str]:
    """The settings of those whom the worker serves."""
    return {"LAKEWARDEN_SCHEMAS": str(lakes.extra)}


def worker(home: Home) -> psutil.Process:
    """The worker proper, once it answers."""
    wait_for("the worker answers, which may have a project to parse first", lambda: answers(home), 90, pause=0.1)
    record = running(home, "worker")
    assert record is not None
    return next(one for one in psutil.Process(record.pid).children() if "--serve" in one.cmdline())


def test_a_run_comes_to_the_same_with_and_without_a_worker(lakes: Lakes) -> None:
    before = worker(lakes.worked).cpu_times().user
    without = told(command(lakes.plain, "run", **ours(lakes)))
    with_it = told(command(lakes.worked, "run", **ours(lakes)))
    assert differences(lakes.plain, lakes.worked) == []
    assert with_it[0] == without[0] == 1
    assert SECONDS.sub("", with_it[2]) == SECONDS.sub("", without[2])
    assert worker(lakes.worked).cpu_times().user - before > 1


def test_killed_while_it_merges_it_leaves_tables_as_of_a_plain_run(lakes: Lakes) -> None:
    start_worker(lakes.doomed)
    try:
        victim = worker(lakes.doomed)
        client = command(lakes.doomed, "run")
        wait_for("base is being merged", lambda: any(lakes.doomed.warehouse.glob("work/base_*")), pause=0)
        victim.kill()
        told(client)  # on a busy machine the kill may come when base has just been merged
    finally:
        down(lakes.doomed, **SILENT)
    assert differences(lakes.plain, lakes.doomed) == []


def test_whoever_has_a_stage_done_imports_next_to_nothing(lakes: Lakes) -> None:
    assert told(stage(lakes.worked, "base", **ours(lakes)))[1] == "same\n"
    assert "deltalake" in told(stage(lakes.plain, "base", **ours(lakes)))[1]


def test_the_settings_of_whoever_wishes_hold(lakes: Lakes) -> None:
    path = drop(lakes.worked, "静.csv", table(GOOD))
    later = {"LAKEWARDEN_NOW": "2026-07-03T08:00:00+08:00"}
    assert told(command(lakes.worked, "land", **ours(lakes), **later))[0] in (0, 1)
    [line] = [
        line for line in told(command(lakes.worked, "deliveries", "--last", "1"))[1].splitlines() if path.name in line
    ]
    assert "2026-07-03" in line


def test_errors_arrive_as_they_are_and_the_worker_begins_anew(lakes: Lakes) -> None:
    before = worker(lakes.worked)
    left = lakes.worked.state / "to_validate" / "no.json"
    left.write_text('{"feed": "nothing", "profiles": [], "applied": []}')
    code, _, said = told(command(lakes.worked, "publish", **ours(lakes)))
    left.unlink()
    assert code == 3
    assert "lakewarden: ValidationFailed: Great Expectations gave no answer" in said
    wait_for("it has ended", lambda: not before.is_running(), pause=0.1)
    assert worker(lakes.worked).pid != before.pid
    assert told(command(lakes.worked, "publish", **ours(lakes)))[0] == 0


def test_other_contracts_are_worked_with_elsewhere_and_changed_ones_by_the_next_worker(
    lakes: Lakes, tmp_path: Path
) -> None:
    before = worker(lakes.worked)
    assert "deltalake" in told(stage(lakes.worked, "validate", LAKEWARDEN_SCHEMAS=str(tmp_path)))[1]
    assert "deltalake" in told(stage(lakes.worked, "validate"))[1]
    assert worker(lakes.worked) == before
    (lakes.extra / "codes").mkdir()
    assert told(stage(lakes.worked, "validate", **ours(lakes)))[1] == "same\n", "an empty folder says nothing"
    shutil.copy(PROJECT / "schemas" / "codes" / "gender.csv", lakes.extra / "codes")
    assert "deltalake" in told(stage(lakes.worked, "validate", **ours(lakes)))[1]
    wait_for("it has ended", lambda: not before.is_running(), pause=0.1)
    assert worker(lakes.worked) != before
    assert told(stage(lakes.worked, "validate", **ours(lakes)))[1] == "same\n"


def test_a_killed_worker_is_said_once_and_the_stage_is_done_here(lakes: Lakes) -> None:
    victim = worker(lakes.worked)
    drop(lakes.worked, "杀.csv", table(GOOD.replace("样本", "被杀")))
    with lakes.worked.lock():
        client = stage(lakes.worked, "land", **ours(lakes))
        wait_for("it waits for the lake", lambda: "waiting for it" in _line(client), pause=0)
        victim.kill()
        victim.wait()
    code, out, said = told(client)
    assert (code, out.split()[0]) == (0, "changed"), said
    assert said == "the worker ended in the middle of land, which is done again here\n"
    assert worker(lakes.worked).pid != victim.pid, "another one has taken its place"


def _line(client: subprocess.Popen[str]) -> str:
    assert client.stderr is not None
    return client.stderr.readline()


def test_a_stage_goes_on_without_whoever_wished_it(lakes: Lakes) -> None:
    before = worker(lakes.worked)
    path = drop(lakes.worked, "走.csv", table(GOOD.replace("样本", "走了")))
    delivery = hashlib.sha256(path.read_bytes()).hexdigest()
    with lakes.worked.lock():
        client = stage(lakes.worked, "land", **ours(lakes))
        wait_for("it waits for the lake", lambda: "waiting for it" in _line(client), pause=0)
        client.send_signal(signal.SIGINT)
        assert client.wait(30) != 0
    wait_for("its rows are in bronze", lambda: delivery in landed(lakes.worked, "scjg_enterprise"), 20, pause=0.1)
    assert told(stage(lakes.worked, "conform", **ours(lakes)))[1] == "changed\n"
    assert worker(lakes.worked) == before


def test_who_does_not_know_the_token_hears_nothing(lakes: Lakes) -> None:
    worker(lakes.worked)
    run = lakes.worked.state / "run"
    assert stat.S_IMODE((run / "worker.door").stat().st_mode) == 0o600
    assert stat.S_IMODE((run / "worker.sock").stat().st_mode) == 0o600
    with Client(str(run / "worker.sock")) as stranger, pytest.raises(AuthenticationError):
        answer_challenge(stranger, b"a guess")
    assert answers(lakes.worked)


def test_a_copied_home_and_a_home_without_a_worker_have_none(lakes: Lakes, tmp_path: Path) -> None:
    worker(lakes.worked)
    copied = Home(tmp_path / "copied")
    (copied.state / "run").mkdir(parents=True)
    shutil.copy(lakes.worked.state / "run" / "worker.door", copied.state / "run")
    assert not answers(copied)
    assert not answers(lakes.plain)
    assert _worker(lakes.plain).state == _worker(lakes.worked).state == "ok"


def test_a_worker_whose_home_is_gone_ends(lakes: Lakes) -> None:
    """It comes last: no other test has a worker after it."""
    last = worker(lakes.worked)
    (lakes.worked.state / "run" / "worker.door").unlink()
    wait_for("it has ended", lambda: running(lakes.worked, "worker") is None, pause=0.1)
    assert not last.is_running()
    assert _worker(lakes.worked).state == "warn"


def test_a_home_with_a_long_path_has_a_port_on_loopback(tmp_path: Path) -> None:
    far = Home(tmp_path / ("x" * 90) / "lake")
    listener, door = open_door(far)
    with listener:
        assert door.port
        assert listener.address[0] == "127.0.0.1"
        admitted: list[bool] = []
        Thread(target=lambda: admitted.append(admit(listener.accept(), door)), daemon=True).start()
        connection = knock(far)
        assert connection is not None
        connection.close()
        wait_for("it was let in", lambda: admitted)
        replace(door, token="another").keep(far)
        Thread(target=lambda: admitted.append(admit(listener.accept(), door)), daemon=True).start()
        assert knock(far) is None
        wait_for("it was not", lambda: len(admitted) == 2)
        assert admitted == [True, False]
    assert read_door(Home(tmp_path / "nowhere")) is None


class Demanding(Exception):
    """An error that cannot be made of its words alone."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def test_every_error_can_travel(capsys: pytest.CaptureFixture[str]) -> None:
    arrived = [
        pickle.loads(pickle.dumps(_portable(error)))
        for error in (Refused("no"), OSError(28, "No space left"), Demanding("this", "that"))
    ]
    assert [(type(error).__name__, str(error)) for error in arrived] == [
        ("Refused", "no"),
        ("OSError", "[Errno 28] No space left"),
        ("Demanding", "this and that"),
    ]
    assert all("Error" in "".join(error.__notes__) or error.__notes__ for error in arrived)
