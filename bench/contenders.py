"""Landing files and an empty folder flow in; the command with which each contender does the whole job flows out."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.frozen import CONTRACTS
from bench.measure import versions
from spark_jobs.engine.spark_server import ENVIRONMENT, find_jars, find_java
from spark_jobs.lake.home import Refused


@dataclass(frozen=True)
class Moment:
    """When a pass happens, to the clock that files are received by, and as of which day it scores."""

    at: str
    today: str


@dataclass(frozen=True)
class Contender:
    """Something that does the job of bench/peers/README.md in a folder of its own."""

    name: str
    title: str
    is_ours: bool
    python: str
    packages: tuple[str, ...]
    is_spark: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    # A peer's program, if it is not called as the contender is, and what it is told besides.
    program: str = ""
    words: tuple[str, ...] = ()

    @property
    def keeps_promises(self) -> bool:
        """Whether it is a peer that keeps what Lakewarden promises beside its tables."""
        return PROMISES in self.words

    def landing(self, folder: Path) -> Path:
        """Where it looks for files."""
        return folder / "landing"

    def tables(self, folder: Path) -> Path:
        """Where its tables are: of Lakewarden the home, of a peer the folder of its Delta tables."""
        return folder if self.is_ours else folder / "tables"

    def command(self, folder: Path, moment: Moment) -> tuple[list[str], dict[str, str]]:
        """One pass over what has been dropped since the last, and its environment."""
        if self.is_ours:
            clock = {"LAKEWARDEN_NOW": moment.at, "LAKEWARDEN_TODAY": moment.today, "LAKEWARDEN_QUIET": "0"}
            return [self.python, "-m", "bench.lakewarden", str(folder)], {**self.environment, **CONTRACTS, **clock}
        places = ["--landing", str(self.landing(folder)), "--out", str(self.tables(folder))]
        days = ["--as-of", moment.today, "--moment", moment.at]
        program = f"bench.peers.{self.program or self.name}"
        return [self.python, "-m", program, *places, *days, *self.words], self.environment

    def missing(self) -> str:
        """Why it cannot run here; empty if it can."""
        try:
            if self.is_spark:
                find_java()
                find_jars()
        except Refused as refusal:
            return str(refusal)
        if not Path(self.python).exists():
            return f"{self.python} is not there; make it with: make {Path(self.python).parent.parent.name}/.synced"
        lacking = [name for name in self.packages if name not in versions(*self.packages, python=self.python)]
        return f"{self.python} has no {', '.join(lacking)}; use .venv-bench/bin/python" if lacking else ""


def _with_promises(name: str, floor: Contender) -> Contender:
    """The second form of a peer, which keeps what Lakewarden promises beside its tables."""
    packages = tuple(dict.fromkeys((*floor.packages, "duckdb")))
    title = f"{floor.title}, same promises"
    return replace(floor, name=name, title=title, packages=packages, program=floor.name, words=(PROMISES,))


PROMISES = "--promises"
HERE = sys.executable
SPARK_PYTHON = str(ENVIRONMENT / "bin" / "python")
PIPELINE = ("pyspark-client", "deltalake", "pyarrow", "dbt-core", "dbt-spark", "great-expectations", "duckdb")
DUCKDB = Contender("duckdb_deltalake", "DuckDB + deltalake", False, HERE, ("duckdb", "deltalake", "pyarrow"))
POLARS = Contender("polars_deltalake", "Polars + deltalake", False, HERE, ("polars", "deltalake", "pyarrow"))
CONTENDERS = (
    Contender("lakewarden_sail", "Lakewarden on Sail", True, HERE, ("pysail", *PIPELINE)),
    Contender(
        "lakewarden_spark", "Lakewarden on Spark local", True, HERE, PIPELINE, True, {"LAKEWARDEN_ENGINE": "spark"}
    ),
    Contender("plain_pyspark", "plain PySpark + Delta", False, SPARK_PYTHON, ("pyspark", "delta-spark"), True),
    DUCKDB,
    POLARS,
    _with_promises("duckdb_promises", DUCKDB),
    _with_promises("polars_promises", POLARS),
)
