"""Accepted deliveries flow in; base tables that have merged them flow out, and why some feeds could not be merged.

Whatever one feed does, the others go on: a feed that cannot be merged into a table is parked. Its rows wait in silver.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from dbt_project.render import mergeable, roll_ups
from schemas.contract import fed_tables
from spark_jobs.building.days import days_spoken_of
from spark_jobs.building.dbt import StepFailed, try_dbt
from spark_jobs.building.flows import Flow
from spark_jobs.building.keys import refuse_broken_keys
from spark_jobs.building.shapes import Shapes
from spark_jobs.engine.session import connect, forget
from spark_jobs.lake.faults import advice_on
from spark_jobs.lake.home import Home


@dataclass
class Merging:
    """One build of base tables from the accepted deliveries of feeds."""

    home: Home
    variables: dict[str, Any]
    volume: int
    accepted: Collection[str]
    """The feeds of which anything was ever accepted; a table that is built anew reads these."""
    parked: dict[Flow, str] = field(default_factory=dict)
    days: dict[str, list[str]] = field(default_factory=dict)
    """Of the tables that lie by days, those that the deliveries speak of."""

    def merge(self, flows: Collection[Flow], renewed: set[str]) -> None:
        """Merges the feeds' deliveries; the tables in `renewed` are built anew from all that was ever accepted."""
        tables = {table for _, table in flows}
        spark = connect(self.home, self.volume, self._needed(tables))
        self.days = days_spoken_of(spark, tables, self.variables)
        for chosen, full in ((tables & renewed, True), (tables - renewed, False)):
            if chosen:
                self._build(sorted(chosen), flows, full)

    def _build(self, tables: list[str], flows: Collection[Flow], full: bool) -> None:
        failed = self._attempt(tables, {}, full)
        for table in failed:
            self._merge_apart(table, {feed for feed, target in flows if target == table}, full)
        written = [fed_tables()[table].name for table in _with_roll_ups(tables)]
        refuse_broken_keys(connect(self.home, needs=written), written, {} if full else self.days)
        left = {table for _, table in flows if not {flow for flow in flows if flow[1] == table} - {*self.parked}}
        kept = [table for table in tables if table not in left]
        Shapes.of(self.home).keep(_with_roll_ups(kept))

    def _merge_apart(self, table: str, delivered: set[str], full: bool) -> None:
        """Merges one feed after the other, to find those that cannot be merged; the first into a new table, if full."""
        is_begun = not full
        for feed in self._feeding(table) if full else sorted(delivered):
            failed = self._attempt([table], {"feeds": [feed]}, full=not is_begun)
            if failed:
                self.parked[feed, table] = failed[table]
            else:
                is_begun = True

    def _attempt(self, tables: list[str], further: dict[str, Any], full: bool) -> dict[str, str]:
        """Builds tables; of those that failed what the engine said. A fault of the machine, or of a test, is raised."""
        read = {"feeds": sorted(self.accepted)} if full else {}
        variables = {**self.variables, **read, **further, "days": {} if full else self.days}
        selected = _with_roll_ups(tables)
        if full:
            self._forget_days(selected)
        built = [node for node in try_dbt(self.home, selected, variables, full) if node.has_failed]
        for node in built:
            if node.name not in tables or advice_on(node.message):
                raise StepFailed(f"{node.name}: {node.message}")
        if built:
            connect(self.home, needs=()).sql("select 1").collect()  # an engine that died is nobody's feed
        return {node.name: node.message for node in built}

    def _feeding(self, table: str) -> list[str]:
        """The feeds that have something to merge into a table."""
        return [feed.name for feed in mergeable(fed_tables()[table]) if feed.name in self.accepted]

    def _needed(self, tables: Collection[str]) -> set[str]:
        """What merging into base tables reads: their feeds' rows, and the lists of codes."""
        feeding = {feed for table in tables for feed in self._feeding(table)}
        read = {f"{layer}.{feed}" for layer in ("silver", "quarantine") for feed in feeding}
        written = _with_roll_ups(tables)
        columns = [column for table in tables for column in fed_tables()[table].columns]
        codes = {f"codes.{column.lookup.table}" for column in columns if column.lookup}
        return {*read, *(fed_tables()[table].name for table in written), "codes.region", *codes}

    def _forget_days(self, tables: Collection[str]) -> None:
        """Takes tables that lie by days out of the catalog, from which Spark cannot replace them.

        It takes their metadata for corrupt unless the column of days is the last one.
        """
        spark = connect(self.home, needs=())
        for table in tables:
            if fed_tables()[table].partition:
                forget(spark, self.home, fed_tables()[table].layer, table)


def _with_roll_ups(tables: Collection[str]) -> list[str]:
    """The tables, and those that sum them up."""
    return [*tables, *(summed.table for table in tables for summed in roll_ups(table))]
