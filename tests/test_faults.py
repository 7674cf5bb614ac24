"""What the machine does to a run: two at once, writers at work, a stopped process, a clock set back, a full disk."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.contract import contracts
from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import pending
from spark_jobs.lake.tables import create_tables, promised_tables, read, tables
from tests.crash.alike import leftovers
from tests.crash.preloaded import Run, Runner
from tests.deadline import wait_for
from tests.drops import FIRMS, drop, table

FEED = "scjg_enterprise"
LAYERS = ("base", "themes", "gold", "ops")
# How long a stopped run stays stopped; the issue asks for a minute, which nobody waits for in every test run.
STOPPED = float(os.environ.get("LAKEWARDEN_STOPPED_SECONDS", "3"))
PATIENCE = 240
WRITER = """
import os, sys, time
folder, writer, rows = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
for number in range(8):
    name = os.path.join(folder, f"w{writer}_{number}.csv")
    text = rows.replace("有限公司".encode(), f"第{writer}之{number}".encode())
    if number % 2:
        with open(name + ".part", "wb") as file:
            file.write(text)
        os.rename(name + ".part", name)
        time.sleep(0.2)
    else:
        with open(name, "wb", buffering=0) as file:
            for start in range(0, len(text), 40):
                file.write(text[start : start + 40])
                time.sleep(0.05)
"""


pytestmark = pytest.mark.usefixtures("six_feeds")


@pytest.fixture(scope="module")
def runner(six_feeds: None) -> Iterator[Runner]:
    with Runner() as started:
        yield started


@pytest.fixture
def lakewarden(runner: Runner, home: Home) -> Callable[..., Run]:
    """Starts a command on the test's home; each has a file for what it says."""
    create_tables(home)
    count = iter(range(100))
    return lambda *words: runner.start(home.path, *words, said=home.path.with_name(f"said_{next(count)}"))


def ended(run: Run) -> int:
    code = run.wait(PATIENCE)
    assert code is not None, f"hangs: {run.words}"
    return code


def verdicts(home: Home) -> dict[str, list[str]]:
    """What the ledger says of each file name."""
    found: dict[str, list[str]] = {}
    for row in read(home.table("ops", "delivery"), ["file_name", "state"]).to_pylist():
        found.setdefault(row["file_name"], []).append(row["state"])
    return found


def all_accepted(names: list[str]) -> dict[str, list[str]]:
    return {name: ["accepted"] for name in names}


def assert_all_accounted_for(home: Home) -> None:
    """Every delivery's rows lie in bronze once, and once in silver or quarantine; nothing waits, nothing is left."""
    lines = {
        layer: Counter(
            (row["_delivery"], row["_line"])
            for row in read(home.table(layer, FEED), ["_delivery", "_line"]).to_pylist()
        )
        for layer in ("bronze", "silver", "quarantine")
    }
    assert set(lines["bronze"].values()) <= {1}
    assert lines["bronze"] == lines["silver"] + lines["quarantine"]
    stored = Counter(delivery for delivery, _ in lines["bronze"])
    ledger = read(home.table("ops", "delivery")).to_pylist()
    said = {row["_delivery"]: row["rows_delivered"] for row in ledger if row["state"] in ("accepted", "held")}
    assert dict(stored) == said
    assert pending(home) == {}
    assert leftovers(home) == []


def firms(mark: str) -> str:
    """Five good rows that no other mark has."""
    return table(*(row.replace("样本", mark) for row in FIRMS))


def drop_some(home: Home, first: int, count: int) -> list[str]:
    names = [f"{number}.csv" for number in range(first, first + count)]
    for name in names:
        drop(home, name, firms(name))
    return names


@pytest.fixture(scope="module")
def twice_run(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[Run], dict[str, list[str]]]:
    """A home on which two runs were let loose at once, those runs, and the verdicts that one alone would reach."""
    home = Home(tmp_path_factory.mktemp("twice") / "lake")
    home.create()
    expected = {"坏.csv": ["refused"]} | all_accepted(drop_some(home, 0, 4))
    drop(home, "坏.csv", "甲\n乙\n")
    runs = [runner.start(home.path, "run", said=home.path.with_name(f"said_{number}")) for number in range(2)]
    for run in runs:
        ended(run)
    return home, runs, expected


def test_two_runs_at_once_come_to_what_one_would(twice_run: tuple[Home, list[Run], dict[str, list[str]]]) -> None:
    home, runs, expected = twice_run
    assert sorted(ended(run) for run in runs) in ([0, 1], [1, 1]), [run.words for run in runs]
    assert any("another run is at work" in run.words for run in runs)
    assert verdicts(home) == expected
    assert_all_accounted_for(home)
    assert read(home.table("base", "supervised_object"), ["object_id"]).num_rows == len(FIRMS)


def test_caches_that_were_cut_short_are_built_again(
    runner: Runner, twice_run: tuple[Home, list[Run], dict[str, list[str]]]
) -> None:
    home, _, expected = twice_run
    caches = sorted(path for path in home.state.rglob("*") if path.is_file() and path.name != "lake.lock")
    for number, path in enumerate(caches):
        os.truncate(path, path.stat().st_size // 2 * (number % 2))
    expected = expected | all_accepted(drop_some(home, 10, 1))
    run = runner.start(home.path, "run", said=home.path.with_name("said"))
    assert ended(run) in (0, 1), run.words
    assert verdicts(home) == expected
    assert_all_accounted_for(home)


def test_eight_departments_write_while_runs_repeat(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_QUIET", "1")
    folder = home.landing / "scjg" / "enterprise"
    text = table(*(row.replace("样本", "有限公司") for row in FIRMS))
    command = [sys.executable, "-c", WRITER, str(folder)]
    writers = [subprocess.Popen([*command, str(number), text]) for number in range(8)]
    passes = 0
    deadline = time.monotonic() + 300
    while any(writer.poll() is None for writer in writers) or passes < 2:
        assert time.monotonic() < deadline, "the writers do not end"
        pipeline.land(home)
        passes += 1
    pipeline.land(home)
    pipeline.conform(home)
    assert [writer.returncode for writer in writers] == [0] * 8
    assert verdicts(home) == {f"w{writer}_{number}.csv": ["accepted"] for writer in range(8) for number in range(8)}
    assert read(home.table("silver", FEED), ["_line"]).num_rows == 64 * len(FIRMS)
    assert_all_accounted_for(home)


def is_copying(home: Home) -> bool:
    return any(part.stat().st_size for part in home.archive.glob(".*.part"))


@pytest.mark.parametrize("is_in_place", [True, False], ids=["rewritten", "replaced"])
def test_a_file_that_changes_while_it_is_read_is_never_a_mix(
    home: Home, lakewarden: Callable[..., Run], is_in_place: bool
) -> None:
    # Space at the ends of lines: what takes long to copy, and nothing to judge.
    lines = (" " * 500 + "\n").join(FIRMS * 20_000)
    texts = [firms(mark) + lines.replace("样本", mark) for mark in ("甲版", "乙版")]
    path = drop(home, "大.csv", texts[0])
    run = lakewarden("land")
    wait_for("the file is being copied", lambda: is_copying(home) or run.wait(0) is not None, pause=0)
    assert run.wait(0) is None, run.words
    run.signal(signal.SIGSTOP)
    changed = path if is_in_place else path.with_name("大.csv.part")
    changed.write_text(texts[1])
    changed.replace(path)
    run.signal(signal.SIGCONT)
    ended(run)
    pipeline.land(home)
    pipeline.conform(home)
    deliveries = read(home.table("ops", "delivery")).sort_by("received_at").to_pylist()
    names = read(home.table("bronze", FEED), ["_delivery", "object_name"]).to_pandas()
    versions = names.object_name.str.extract("(.版)", expand=False).groupby(names["_delivery"]).unique()
    assert [len(marks) for marks in versions] == [1] * len(deliveries)
    assert list(versions[deliveries[-1]["_delivery"]]) == ["乙版"]
    assert_all_accounted_for(home)


def _is_locked(home: Home) -> bool:
    """Whether a stage is at work on the lake; between two stages none is."""
    with (home.state / "lake.lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_stopped_run_is_waited_for(home: Home, lakewarden: Callable[..., Run]) -> None:
    names = drop_some(home, 0, 2)
    stopped = lakewarden("land")
    wait_for("it has landed", lambda: "land " in stopped.words or stopped.wait(0) is not None, pause=0)
    wait_for("it is judging", lambda: _is_locked(home) or stopped.wait(0) is not None, pause=0)
    assert stopped.wait(0) is None, stopped.words
    stopped.signal(signal.SIGSTOP)
    waiting = lakewarden("land")
    assert waiting.wait(STOPPED) is None, waiting.words
    assert "another run is at work" in waiting.words
    stopped.signal(signal.SIGCONT)
    assert (ended(stopped), ended(waiting)) == (0, 0), (stopped.words, waiting.words)
    assert verdicts(home) == all_accepted(names)
    assert_all_accounted_for(home)


def test_a_correction_counts_also_when_the_clock_was_set_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_NOW", "2026-05-02T08:00:00+08:00")
    path = drop(home, "周报.csv", firms("第一次"))
    os.utime(path, (time.time() + 900_000, time.time() + 900_000))
    pipeline.land(home)
    monkeypatch.setenv("LAKEWARDEN_NOW", "2026-04-01T08:00:00+08:00")
    drop(home, "周报.csv", firms("更正后"))
    os.utime(path, (1_000_000, 1_000_000))
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        stage(home)
    rows = read(home.table("ops", "delivery"), ["_delivery", "corrects", "received_at"]).sort_by("received_at")
    assert rows["corrects"].to_pylist() == ["", rows["_delivery"][0].as_py()]
    named = read(home.table("base", "supervised_object"), ["object_name"]).column("object_name").to_pylist()
    assert len(named) == len(FIRMS)
    assert all("更正后" in name for name in named)


def test_lost_receipts_come_back_as_they_were(home: Home) -> None:
    drop_some(home, 0, 1)
    drop(home, "坏.csv", "甲\n乙\n")
    drop(home, "脏.csv", firms("脏") + "1,2,3\n多,一,格,=1+1\n")
    drop(home, "谁的.csv", "甲\n乙\n", "nobody/here")
    pipeline.land(home)
    pipeline.conform(home)
    before = receipts(home)
    shutil.rmtree(home.receipts)
    pipeline.land(home)
    assert receipts(home) == before


def receipts(home: Home) -> dict[str, object]:
    """Everything that departments can read, by its path."""
    found: dict[str, object] = {}
    for path in (path for path in home.receipts.rglob("*") if path.is_file()):
        if path.suffix == ".xlsx":  # a template to fill
            found[str(path.relative_to(home.receipts))] = path.read_bytes()
            continue
        text = path.read_text(encoding="utf-8-sig")
        found[str(path.relative_to(home.receipts))] = json.loads(text) if path.suffix == ".json" else text
    return found


def needs_mounts(test: Callable[..., None]) -> Callable[..., None]:
    """Mounting takes root: for anybody else the test runs again in a namespace of its own, where that is allowed."""
    if os.geteuid() == 0:
        return test

    def in_a_namespace() -> None:
        again = ["unshare", "-rm", sys.executable, "-m", "pytest", f"{__file__}::{test.__name__}"]
        if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
            pytest.skip("mounting needs root or user namespaces")
        told = subprocess.run(again, check=False, capture_output=True, text=True)
        assert told.returncode == 0, told.stdout

    in_a_namespace.__name__ = test.__name__
    return in_a_namespace


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    """Something mounted at that place for as long as the context lasts."""
    place.mkdir(exist_ok=True)
    tried = subprocess.run(["mount", *options, str(place)], check=False, capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"mount is not allowed here: {tried.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Leaves so many bytes free."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    status = os.statvfs(disk)
    filler.write_bytes(b"\0" * max(0, status.f_bavail * status.f_frsize - left))
    return filler


@needs_mounts
def test_a_full_disk_is_named_and_loses_nothing(runner: Runner, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "-t", "tmpfs", "-o", "size=48m", "none"):
        home = Home(disk / "lake")
        home.create()
        create_tables(home)
        names = drop_some(home, 0, 3)
        drop(home, "坏.csv", "甲\n乙\n")
        # Enough for nothing, for bronze, for silver, for base.
        for left in (0, 200_000, 500_000, 900_000):
            filler = fill(disk, left)
            run = runner.start(home.path, "run", said=tmp_path / "said")
            assert ended(run) == 3, run.words
            assert f"{home.path}: the disk is full" in run.words
            assert "Traceback" not in run.words
        filler.unlink()
        run = runner.start(home.path, "run", said=tmp_path / "said")
        assert ended(run) in (0, 1), run.words
        assert verdicts(home) == {"坏.csv": ["refused"]} | all_accepted(names)
        assert_all_accounted_for(home)
        assert (home.receipts / "scjg" / "enterprise" / "坏.csv.receipt.json").exists()


def test_a_table_whose_first_commit_found_no_room_is_made_anew(home: Home, runner: Runner, tmp_path: Path) -> None:
    made = {(contract.layer, contract.table) for contract in contracts().values() if contract.layer in LAYERS}
    for layer, name in {*made, *promised_tables()}:
        (home.table(layer, name) / "_delta_log").mkdir(parents=True)
    names = drop_some(home, 0, 1)
    run = runner.start(home.path, "run", said=tmp_path / "said")
    assert ended(run) == 0, run.words
    assert verdicts(home) == all_accepted(names)
    assert_all_accounted_for(home)
    assert made <= set(tables(home))


@needs_mounts
def test_a_log_that_cannot_be_written_stops_nothing_and_fills_no_screen(
    home: Home, runner: Runner, tmp_path: Path
) -> None:
    create_tables(home)
    names = drop_some(home, 0, 1)
    with mounted(home.logs, "-t", "tmpfs", "-o", "size=4k", "none"):
        fill(home.logs, 0)
        run = runner.start(home.path, "run", said=tmp_path / "said")
        assert ended(run) == 0, run.words
        assert (home.logs / "dbt.log").stat().st_size == 0
        assert "Traceback" not in run.words
    assert verdicts(home) == all_accepted(names)


@needs_mounts
def test_a_folder_that_cannot_be_written_is_named_and_loses_nothing(home: Home, runner: Runner, tmp_path: Path) -> None:
    create_tables(home)
    names = drop_some(home, 0, 2)
    drop(home, "坏.csv", "甲\n乙\n")
    for folder in (home.archive, home.warehouse, home.receipts):
        with mounted(folder, "--bind", str(folder)):
            subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
            run = runner.start(home.path, "land", said=tmp_path / "said")
            assert ended(run) == 3, run.words
            assert "read-only" in run.words
            assert str(folder) in run.words
            assert "Traceback" not in run.words
    run = runner.start(home.path, "land", said=tmp_path / "said")
    assert ended(run) == 1, run.words
    assert verdicts(home) == {"坏.csv": ["refused"]} | all_accepted(names)
    assert_all_accounted_for(home)
