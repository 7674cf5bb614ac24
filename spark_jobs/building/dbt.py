"""Silver flows in, base, themes and gold flow out, by dbt in this process on the engine's own session."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession

from schemas.folders import roots
from spark_jobs.building.parsed import Parsed
from spark_jobs.lake.home import Home, locked

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PROJECT = Path(__file__).parents[2] / "dbt_project"
ANSI = "spark.sql.ansi.enabled"
FAILED = ("error", "fail", "runtime error")

_manifests: dict[tuple[Path, ...], Manifest] = {}
_parsing = Lock()


class StepFailed(Exception):
    """A step that stopped the run; the message names the node and what it said."""


@dataclass(frozen=True)
class Built:
    """What dbt did to one node."""

    name: str
    status: str
    seconds: float
    message: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether the node stopped what depends on it."""
        return self.status in FAILED


def run_dbt(home: Home, select: list[str], variables: dict[str, Any], full: bool = False) -> list[Built]:
    """Builds the selected models; raises StepFailed for the first node that failed.

    variables: `feeds` (those with deliveries to read), `deliveries`, `since` and `files` (how many each table has) for
    incremental runs, `as_of` and `empty` (tables without a row) for gold.
    """
    built = try_dbt(home, select, variables, full)
    for node in built:
        if node.has_failed:
            raise StepFailed(f"{node.name}: {node.message}")
    return built


def try_dbt(home: Home, select: list[str], variables: dict[str, Any], full: bool = False) -> list[Built]:
    """Builds the selected models; what failed is in the answer, and stopped only its own children."""
    options = ["--vars", json.dumps(variables), "--select", *select]
    try:
        return _invoke(home, ["run", *(["--full-refresh"] if full else [])], options)
    finally:
        for laid in home.warehouse.glob("work/*"):
            shutil.rmtree(laid)


def run_unit_tests(home: Home, select: str = "*") -> list[Built]:
    """Runs the selected unit tests of the models; the tables must exist, their rows are not read."""
    return _invoke(home, ["test"], ["--select", f"test_type:unit,{select}"])


def write_docs(home: Home) -> Path:
    """Renders dbt's own documentation, lineage included, as one page below docs/."""
    target = home.docs / "dbt"
    target.mkdir(parents=True, exist_ok=True)
    project(home).write(str(target / "manifest.json"))
    _invoke(home, ["docs", "generate"], ["--static", "--empty-catalog", "--no-compile", "--write-json"], target)
    return target / "static_index.html"


def _invoke(home: Home, command: list[str], options: list[str], target: Path | None = None) -> list[Built]:
    """Runs one dbt command on the parsed project; raises StepFailed where dbt itself failed."""
    manifest = project(home)
    from dbt.cli.main import dbtRunner

    with _environment(home), _session_kept():
        ended = dbtRunner(manifest=manifest).invoke([*command, *_options(home, target), *options])
    results = [result for result in getattr(ended.result, "results", None) or [] if hasattr(result, "node")]
    if not ended.success and not any(result.status in FAILED for result in results):
        raise StepFailed(f"dbt {' '.join(command)}: {_one_line(str(ended.exception))}; see {home.logs / 'dbt.log'}")
    return [
        Built(result.node.name, str(result.status), result.execution_time, _one_line(result.message or result.status))
        for result in results
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:600]


def _options(home: Home, target: Path | None = None) -> list[str]:
    return [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(target or home.state / "dbt"), "--log-path", str(home.logs)),
        *("--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
        *("--no-version-check", "--no-send-anonymous-usage-stats", "--no-write-json"),
    ]


def project(home: Home) -> Manifest:
    """The parsed project, from this process, else from the checkout, else parsed anew."""
    with _parsing:
        if roots() not in _manifests:
            _manifests[roots()] = Parsed().manifest() or _parse(home)
        return _manifests[roots()]


def _parse(home: Home) -> Manifest:
    """Renders and parses what is declared, and keeps it."""
    from dbt.cli.main import dbtRunner

    from dbt_project.render import render

    home.logs.mkdir(parents=True, exist_ok=True)
    # What is rendered lies in one place for all processes, and may be another for each (LAKEWARDEN_SCHEMAS); who waited
    # finds what the other has parsed.
    with locked(PROJECT / "models" / "_rendered.lock"), _environment(home):
        parsed = Parsed()
        if kept := parsed.manifest():
            return kept
        render()
        ended = dbtRunner().invoke(["parse", *_options(home)])
        if ended.result is None:
            raise StepFailed(f"dbt parse: {_one_line(str(ended.exception))}")
        parsed.keep_manifest(ended.result)
    return ended.result


@contextmanager
def _environment(home: Home) -> Iterator[None]:
    """Tells dbt where tables lie; dbt reads it from the environment."""
    before = os.environ.get("LAKEWARDEN_WAREHOUSE")
    os.environ["LAKEWARDEN_WAREHOUSE"] = str(home.warehouse)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("LAKEWARDEN_WAREHOUSE", None)
        else:
            os.environ["LAKEWARDEN_WAREHOUSE"] = before


@contextmanager
def _session_kept() -> Iterator[None]:
    """dbt-spark switches ANSI off for the whole session and asks Spark for Hive: undone, and not talked about."""
    spark = SparkSession.builder.getOrCreate()
    before = spark.conf.get(ANSI, "true")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Failed to set spark.sql.catalogImplementation")
            yield
    finally:
        spark.conf.set(ANSI, before or "true")
