"""Versions of base tables flow in; themes and gold, built anew where what they are built from has changed, flow out."""

# Engine and dbt are imported by what needs them: a run that finds nothing new must not pay for them.
from __future__ import annotations

from datetime import date

from spark_jobs.building.lineage import SCORES, Lineage
from spark_jobs.lake.codes import write_codes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import tables
from spark_jobs.lake.upkeep import keep_up


def build_themes(home: Home, full: bool = False) -> bool:
    """Builds those themes anew of which something has changed since."""
    return _build(home, Lineage(home, "themes"), full)


def build_gold(home: Home, as_of: date, full: bool = False) -> bool:
    """Scores and counts anew what has changed since, or depends on the day."""
    return _build(home, Lineage(home, "gold", as_of), full)


def _build(home: Home, lineage: Lineage, full: bool) -> bool:
    if not tables(home, "base"):
        return False
    write_codes(home)
    outdated = lineage.all_tables() if full else lineage.outdated()
    if not outdated:
        return False
    from spark_jobs.building.dbt import run_dbt
    from spark_jobs.building.score import score
    from spark_jobs.engine.session import connect, register

    spark = connect(home, needs=lineage.inputs(outdated))
    if SCORES in outdated:
        score(home, spark, date.fromisoformat(lineage.as_of))
        register(spark, home, {f"gold.{SCORES}"})
    if modelled := sorted(outdated - {SCORES}):
        run_dbt(home, modelled, {"as_of": lineage.as_of}, full)
    keep_up(home, lineage.layer, written=outdated)
    lineage.keep()
    return True
