"""Versions of base tables flow in; themes and gold, built anew where what they are built from has changed, flow out."""

# Engine and dbt are imported by what needs them: a run that finds nothing new must not pay for them.
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Literal

from schemas.contract import table_of
from spark_jobs.building.lineage import SCORES, Lineage
from spark_jobs.lake.codes import write_codes
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.empty import create_empty
from spark_jobs.lake.home import Home, today
from spark_jobs.lake.tables import days_of, exists, is_empty, tables
from spark_jobs.lake.upkeep import keep_up

Part = Literal["all", "before", "after"]
# What is written between the two parts of gold.
CLUE_LEDGERS = ("ops.clue", "ops.clue_sent")

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def build_themes(home: Home, full: bool = False, as_of: date | None = None) -> bool:
    """Builds those themes anew of which something has changed since, or that depend on the day (today)."""
    return _build(home, Lineage(home, "themes", as_of or today()), full)


def build_gold(home: Home, as_of: date, full: bool = False, part: Part = "all") -> bool:
    """Scores and counts anew what has changed since, or depends on the day.

    part: what is built before clues are raised of it, or what reads the ledgers of clues, so that each is built once.
    """
    return _build(home, Lineage(home, "gold", as_of), full, part)


def _build(home: Home, lineage: Lineage, full: bool, part: Part = "all") -> bool:
    if not tables(home, "base"):
        return False
    write_codes(home)
    outdated = lineage.all_tables() if full else lineage.outdated()
    outdated = lineage.buildable(outdated) if outdated else outdated
    if outdated and (part == "before" or (part == "after" and full)):
        later = lineage.reading(CLUE_LEDGERS)
        outdated = outdated - later if part == "before" else outdated & later
    rowless = lineage.rowless(outdated)
    made = _make(home, lineage.layer, rowless)
    built = outdated - rowless
    if built:
        build_tables(home, lineage, built, full)
    if outdated:
        lineage.keep(outdated)
    return made or bool(built)


def _make(home: Home, layer: str, names: set[str]) -> bool:
    """Makes those of the tables that are not there, without rows; returns whether there were any."""
    missing = [table_of(f"{layer}.{name}") for name in sorted(names) if not exists(home.table(layer, name))]
    create_empty({home.table(layer, one.table): (table_schema(one), days_of(layer, one.table)) for one in missing})
    return bool(missing)


def build_tables(home: Home, lineage: Lineage, built: set[str], full: bool) -> None:
    """Builds these tables of a layer, whether they are out of date or not."""
    from spark_jobs.building.dbt import run_dbt
    from spark_jobs.building.keys import refuse_broken_keys
    from spark_jobs.building.score import score
    from spark_jobs.engine.session import connect, register

    own = {f"{lineage.layer}.{name}" for name in built}
    spark = connect(home, needs=lineage.inputs(built) | own)
    _renew(spark, home, own)
    if scored := {f"gold.{name}" for name in built.intersection(SCORES)}:
        day = date.fromisoformat(lineage.as_of)
        # Side by side: what they take is planning, which an engine does on one core.
        with ThreadPoolExecutor(len(scored)) as pool:
            list(pool.map(lambda name: score(home, spark, day, name), sorted(scored)))
        register(spark, home, scored)
    if modelled := sorted(built.difference(SCORES)):
        asked = sorted(lineage.asked({*modelled}) - own)
        empty = [name for name in asked if is_empty(home.table(*name.split(".")))]
        run_dbt(home, modelled, {"as_of": lineage.as_of, "empty": empty}, full)
    refuse_broken_keys(spark, own)
    keep_up(home, lineage.layer, written=built)


def _renew(spark: SparkSession, home: Home, names: set[str]) -> None:
    """Empties tables whose columns are not their contracts' any more, so that they can be built with the new ones.

    Sail writes over a table only rows of the same columns.
    """
    from spark_jobs.engine.session import forget, register

    for name in sorted(names):
        contract = table_of(name)
        path = home.table(contract.layer, contract.table)
        columns = [(column.name, column.spark_type) for column in contract.columns]
        if exists(path) and columns != [(column, kind) for column, kind in spark.table(name).dtypes]:
            nothing = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in columns)
            empty = spark.sql(f"select {nothing} where false").write.format("delta")
            empty.mode("overwrite").option("overwriteSchema", "true").save(str(path))
            forget(spark, home, contract.layer, contract.table)
    register(spark, home, names)
