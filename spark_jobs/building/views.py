"""Versions of base tables flow in; themes and gold, built anew where what they are built from has changed, flow out."""

# Engine and dbt are imported by what needs them: a run that finds nothing new must not pay for them.
from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING

from deltalake import DeltaTable

from schemas.contract import SCHEMAS, roots
from schemas.contract import tables as promised
from spark_jobs.lake.codes import write_codes
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import exists, tables
from spark_jobs.lake.upkeep import keep_up

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROJECT = SCHEMAS.parent / "dbt_project"


def build_themes(home: Home, full: bool = False) -> bool:
    """Builds the themes anew if base has changed since."""
    if not _layers(home, "base"):
        return False
    write_codes(home)
    mark = _mark(home, "themes", _versions(home, "base", "codes"))
    if mark.is_current() and not full:
        return False
    from spark_jobs.building.dbt import run_dbt
    from spark_jobs.engine.session import connect

    _renew(connect(home), home, "themes")
    run_dbt(home, ["config.schema:themes"], {}, full)
    keep_up(home, "themes")
    mark.keep()
    return True


def build_gold(home: Home, as_of: date, full: bool = False) -> bool:
    """Scores and counts anew if base or themes have changed since, or the day has."""
    if not _layers(home, "themes"):
        return False
    write_codes(home)
    mark = _mark(home, "gold", {"as_of": str(as_of), **_versions(home, "base", "themes", "codes")})
    if mark.is_current() and not full:
        return False
    from spark_jobs.building.dbt import run_dbt
    from spark_jobs.building.score import score
    from spark_jobs.engine.session import connect, register

    spark = connect(home)
    _renew(spark, home, "gold")
    score(home, spark, as_of)
    register(spark, home)
    run_dbt(home, ["config.schema:gold"], {"as_of": str(as_of)}, full)
    keep_up(home, "gold")
    mark.keep()
    return True


def _renew(spark: SparkSession, home: Home, layer: str) -> None:
    """Empties tables whose columns are not their contracts' any more, so that they can be built with the new ones.

    Sail writes over a table only rows of the same columns.
    """
    from spark_jobs.engine.session import forget, register

    for contract in promised(layer).values():
        path = home.table(layer, contract.table)
        columns = [(column.name, column.spark_type) for column in contract.columns]
        if exists(path) and columns != [(name, kind) for name, kind in spark.table(contract.name).dtypes]:
            nothing = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns)
            empty = spark.sql(f"select {nothing} where false").write.format("delta")
            empty.mode("overwrite").option("overwriteSchema", "true").save(str(path))
            forget(spark, home, layer, contract.table)
    register(spark, home)


def _layers(home: Home, layer: str) -> list[str]:
    return [name for found, name in tables(home) if found == layer]


def _versions(home: Home, *layers: str) -> dict[str, str]:
    """The version of every table of these layers, and of what declares them."""
    versions = {
        f"{layer}.{name}": str(DeltaTable(home.table(layer, name)).version())
        for layer in layers
        for name in _layers(home, layer)
    }
    return {**versions, "declared": _declared()}


def _declared() -> str:
    """A fingerprint of models, contracts and risk models: when they change, what they build is out of date."""
    digest = hashlib.sha256()
    contracts_in = [(root, "*.yaml") for root in roots()]
    for folder, pattern in ((PROJECT / "models", "*.sql"), (PROJECT / "macros", "*.sql"), *contracts_in):
        # What is rendered follows from the contracts, and is not there yet when a fresh tree is first asked.
        for path in sorted(path for path in folder.rglob(pattern) if "_rendered" not in path.parts):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _mark(home: Home, layer: str, inputs: dict[str, str]) -> Mark:
    return Mark(home.state / f"built_{layer}.json", inputs)
