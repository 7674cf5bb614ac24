"""The same files on Sail and on Apache Spark, in two homes: every table of every layer comes out equal, row for row.

The tables are those of the market road and one that lies by days; LAKEWARDEN_PARITY=whole (`make parity`) takes all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
import pytest

from bench.frozen import CONTRACTS
from spark_jobs.engine.spark_server import find_jars, find_java, start_spark
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import read
from tests.compare_lakes import counts, differences
from tests.drops import FIRMS, drop, table

pytestmark = pytest.mark.spark

LAKEWARDEN = Path(sys.executable).with_name("lakewarden")
UNTIL = date(2026, 6, 30)
# Files dated later than this are delivered on the second day.
FIRST_DAY = "20260626"
IS_WHOLE = os.environ.get("LAKEWARDEN_PARITY") == "whole"
DECLARED = {} if IS_WHOLE else {**CONTRACTS, "LAKEWARDEN_SCHEMAS": str(Path(__file__).parent / "parity" / "contracts")}
MOMENTS = {1: ("2026-07-01T02:00:00+00:00", "2026-07-01"), 2: ("2026-07-02T02:00:00+00:00", "2026-07-02")}
# Spark compiles Java for every plan; for so few rows that takes longer than walking the plan.
HASTE = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


@dataclass(frozen=True)
class Lake:
    home: Home
    environment: dict[str, str]

    def run(self, day: int, *words: str) -> tuple[int, float, str]:
        """Runs the command as a user would: exit code (1 says that files were refused), seconds and what it said."""
        moment, today = MOMENTS[day]
        fixed = {"LAKEWARDEN_NOW": moment, "LAKEWARDEN_TODAY": today}
        started = time.monotonic()
        done = subprocess.run(
            [LAKEWARDEN, "--home", self.home.path, "--debug", *words],
            env={**os.environ, **DECLARED, **fixed, **self.environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 1), f"{self.home.path.name}: {' '.join(words)}:\n{done.stderr[-6000:]}"
        return done.returncode, time.monotonic() - started, done.stderr


@pytest.fixture(scope="module")
def haste(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What makes a Spark server hasten, as environment; skips where there is no Spark."""
    try:
        find_java()
        find_jars()
    except Refused as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("conf")
    (folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in HASTE.items()))
    return {"SPARK_CONF_DIR": str(folder)}


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory, haste: dict[str, str]) -> tuple[Lake, Lake]:
    folder = tmp_path_factory.mktemp("parity")
    sail, spark = Home(folder / "sail"), Home(folder / "spark")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in haste.items():
            patch.setenv(name, value)
        remote = start_spark(spark)
    return Lake(sail, {"LAKEWARDEN_ENGINE": "sail"}), Lake(
        spark, {"SPARK_REMOTE": remote, "LAKEWARDEN_JUDGING": "engine"}
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small province's landing files."""
    out = tmp_path_factory.mktemp("province") / "landing"
    words = ["simulate", "--objects", "300", "--days", "60", "--seed", "7", "--until", f"{UNTIL}", "--bad-files"]
    subprocess.run([LAKEWARDEN, *words, "--out", out], env={**os.environ, **DECLARED}, check=True, capture_output=True)
    return out


def deliver(files: Path, lakes: tuple[Lake, Lake], day: int) -> int:
    """Drops the files of a day into both landing zones."""
    dropped = 0
    for file in (path for path in files.rglob("*") if path.is_file()):
        dated = re.search(r"2026\d{4}", file.name)
        if (2 if dated and dated[0] > FIRST_DAY else 1) == day:
            dropped += 1
            for lake in lakes:
                target = lake.home.landing / file.relative_to(files)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)
    return dropped


def receipts(home: Home) -> dict[str, bytes]:
    """What departments read, byte for byte."""
    return {str(file.relative_to(home.receipts)): file.read_bytes() for file in home.receipts.rglob("*.*")}


def run_both(lakes: tuple[Lake, Lake], day: int, *words: str) -> str:
    """Runs both at once, asserts that they ended alike with equal tables, and says how long they took."""
    with ThreadPoolExecutor(len(lakes)) as pool:
        (one, ours, said), (other, theirs, answered) = pool.map(lambda lake: lake.run(day, *words), lakes)
    found = differences(*(lake.home for lake in lakes))
    assert not found, f"{' '.join(words)}, day {day}:\n" + "\n".join(found[:60])
    assert one == other, (
        f"{' '.join(words)}, day {day}: exit codes {one} and {other}\n{said[-3000:]}\n{answered[-3000:]}"
    )
    assert receipts(lakes[0].home) == receipts(lakes[1].home)
    rows = counts(lakes[0].home)
    assert rows["gold.risk_score"]
    return f"{len(rows)} tables, {sum(rows.values()):,} rows equal; sail {ours:.0f} s, spark {theirs:.0f} s"


def test_both_engines_build_the_same_lake(
    lakes: tuple[Lake, Lake], files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for day in MOMENTS:
        assert deliver(files, lakes, day)
        said = run_both(lakes, day, "run")
        with capsys.disabled():
            print(f"\nday {day}: {said}", end="", flush=True)
    incremental = Home(tmp_path / "incremental")
    shutil.copytree(lakes[0].home.warehouse, incremental.warehouse)
    said = run_both(lakes, day, "build", "--full")
    with capsys.disabled():
        print(f"\nfull rebuild: {said}")
    assert not differences(incremental, lakes[0].home)
    assert read(lakes[1].home.table("base", "reading_day")).num_rows


def test_a_run_starts_a_server_and_ends_it(tmp_path: Path, haste: dict[str, str]) -> None:
    """The server starts while files are read, in a thread of the moment: it once ended with that, and the run hung."""
    home = Home(tmp_path / "lake")
    drop(home, "firms.csv", table(*FIRMS))
    assert Lake(home, {"LAKEWARDEN_ENGINE": "spark", **haste}).run(1, "run")[0] == 0
    assert read(home.table("base", "supervised_object"), ["object_id"]).num_rows == len(FIRMS)
    assert not [one.pid for one in psutil.process_iter(["cmdline"]) if str(home.path) in str(one.info["cmdline"])]


def test_nothing_that_people_type_writes_to_the_lake(lakes: tuple[Lake, Lake]) -> None:
    spark = lakes[1]
    spark.run(1, "land")
    environment = {**os.environ, **DECLARED, **spark.environment, "LAKEWARDEN_HOME": str(spark.home.path)}
    tried = subprocess.run([sys.executable, "-m", "tests.asked"], env=environment, capture_output=True, text=True)
    assert (tried.returncode, tried.stdout) == (0, ""), tried.stderr[-3000:]
