"""A landing folder flows in; the Delta tables of every layer flow out, by PySpark and Delta alone."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import DataFrame

from bench.peers.files import Delivered, new_files
from bench.peers.plain_pyspark import reporting as report
from bench.peers.plain_pyspark.judging import judged_sql, texts
from bench.peers.plain_pyspark.merging import (
    ACTS,
    FLOWS,
    OBJECT,
    SNAPSHOTS,
    act_sql,
    merge_act_sql,
    merge_object_sql,
    merge_snapshot_sql,
    object_sql,
    snapshot_sql,
)
from bench.peers.plain_pyspark.session import CORES, start
from bench.peers.plain_pyspark.texts import Taken, write_texts
from bench.peers.reference import reference_tables
from schemas.contract import FeedContract, feeds

SYSTEM = "_delivery, _line, _department, _received_at"


def main() -> None:
    """Does the whole job once and prints what it took."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--moment", type=datetime.fromisoformat, default=datetime.now(UTC))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    out = options.out.resolve()
    with tempfile.TemporaryDirectory(dir=out) as staging:
        job = Job(out, Path(staging))
        with job.stage("land"):
            taken = job.land(options.landing, options.moment)
        with job.stage("conform"):
            accepted = job.conform(taken, options.as_of)
        with job.stage("base"):
            job.merge()
        with job.stage("themes"):
            job.build_themes()
        with job.stage("gold"):
            job.build_gold(options.as_of)
        job.spark.stop()
    rows = sum(one.rows for one in taken)
    print(json.dumps({"stages": job.stages, "rows": rows, "accepted": accepted, "quarantined": rows - accepted}))


class Job:
    """One run over what is new."""

    def __init__(self, out: Path, staging: Path) -> None:
        self.out, self.staging = out, staging
        self.stages: dict[str, float] = {}
        self.columns: dict[str, list[str]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.stages[name] = round(time.monotonic() - begun, 3)

    def table(self, name: str) -> str:
        return str(self.out / name)

    def exists(self, name: str) -> bool:
        return (self.out / name / "_delta_log").exists()

    def write(self, rows: DataFrame, name: str, mode: str = "overwrite") -> None:
        rows.write.format("delta").mode(mode).save(self.table(name))

    def land(self, landing: Path, moment: datetime) -> list[Taken]:
        """Reads the new files while the JVM starts, and hands them to it as one Parquet file a feed."""
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(lambda: new_files(landing, self.known()))
            self.spark = start(sum(path.stat().st_size for path in landing.rglob("*")))
            files = reading.result()
        taken = [Taken.of(one, moment) for one in files]
        by_feed: dict[str, list[Delivered]] = defaultdict(list)
        while files:
            one = files.pop()
            by_feed[one.contract.name].append(one)
        for feed in list(by_feed):
            path = self.staging / f"{feed}.parquet"
            self.columns[feed] = write_texts(path, by_feed.pop(feed), moment)
            self.spark.read.parquet(str(path)).createOrReplaceTempView(f"{feed}_text")
        return taken

    def known(self) -> set[str]:
        """The contents that an earlier run has taken."""
        if not self.exists("ops/delivery"):
            return set()
        rows = DeltaTable(self.table("ops/delivery")).to_pyarrow_table(columns=["_delivery"])
        return set(rows.column("_delivery").to_pylist())

    def conform(self, taken: Sequence[Taken], as_of: date) -> int:
        """Judges the rows of every feed once and keeps them for base; returns how many are good."""
        codes = reference_tables(as_of)
        for name in ("region", "industry", "department", "working_day", "spelling"):
            self.spark.createDataFrame(codes[name]).createOrReplaceTempView(name)
        self.spark.sql("select code, label from region").createOrReplaceTempView("region_label")
        for listed in {column.codes for feed in self.columns for column in feeds()[feed].columns if column.codes}:
            rows = self.spark.sql(f"select spelling, code from spelling where list = '{listed}'")
            rows.hint("broadcast").createOrReplaceTempView(f"spelling_{listed}")
        self.at_once(self.judge, [feeds()[feed] for feed in self.columns])
        if not self.columns:
            return 0
        counts = " union all ".join(
            f"select _delivery, count_if(_bad = '') as good, count(*) as rows from {feed}_judged group by _delivery"
            for feed in self.columns
        )
        good = {row._delivery: (row.good, row.rows) for row in self.spark.sql(counts).collect()}
        assert all(good[one.sha256][1] == one.rows for one in taken)
        ledger = pa.Table.from_pylist([one.ledger_row(good[one.sha256][0]) for one in taken])
        self.write(self.spark.createDataFrame(ledger).coalesce(1), "ops/delivery", "append")
        return sum(n for n, _ in good.values())

    def judge(self, contract: FeedContract) -> None:
        feed = contract.name
        judged = self.spark.sql(judged_sql(contract, self.columns[feed])).persist()
        judged.createOrReplaceTempView(f"{feed}_judged")
        typed = ", ".join(column.name for column in contract.columns)
        good = f"select {typed}, {SYSTEM}, {texts('_doubts')} as _flags from {feed}_judged where _bad = ''"
        bad = f"select {SYSTEM}, {texts('_bad')} as _reasons from {feed}_judged where _bad <> ''"
        self.write(self.spark.sql(good), f"silver/{feed}", "append")
        self.write(self.spark.sql(bad).coalesce(1), f"quarantine/{feed}", "append")

    def merge(self) -> None:
        """Merges into the base tables that new rows speak of."""
        told = {table for feed in self.columns for table in FLOWS[feed]}
        self.at_once(self.merge_table, [table for table in (OBJECT, *ACTS, *SNAPSHOTS) if table in told])
        for feed in self.columns:
            self.spark.catalog.uncacheTable(f"{feed}_judged")

    def merge_table(self, table: str) -> None:
        path, is_new = self.table(f"base/{table}"), not self.exists(f"base/{table}")
        if table in ACTS:
            said, merge = act_sql(table), merge_act_sql(table, path)
        elif table == OBJECT:
            said, merge = object_sql(), merge_object_sql(path)
        else:
            if not is_new:
                self.spark.read.format("delta").load(path).createOrReplaceTempView(f"known_{table}")
            said, merge = snapshot_sql(table, is_new), merge_snapshot_sql(table, path)
        if is_new:
            self.write(self.spark.sql(said), f"base/{table}")
            return
        self.spark.sql(said).createOrReplaceTempView(f"said_{table}")
        self.spark.sql(merge)

    def build_themes(self) -> None:
        """Profiles and months; both are needed again for gold."""
        for table in (OBJECT, *ACTS):
            rows = self.spark.read.format("delta").load(self.table(f"base/{table}"))
            rows.where("withdrawn_at is null").createOrReplaceTempView(table)
        self.at_once(
            lambda one: self.keep(*one),
            [("themes/market_firm_profile", report.PROFILE), ("themes/market_activity_month", report.ACTIVITY)],
        )

    def build_gold(self, as_of: date) -> None:
        """Scores beside clocks, then what is drawn from either."""
        self.at_once(
            lambda one: self.keep(*one),
            [("gold/risk_score", report.risk_sql(as_of)), ("gold/complaint_clock", report.clock_sql(as_of))],
        )
        self.at_once(
            lambda one: self.write(self.spark.sql(one[1]), one[0]),
            [("gold/risk_reason", report.RISK_REASON), ("gold/region_department_month", report.REGION_DEPARTMENT)],
        )

    def keep(self, name: str, sql: str) -> None:
        """Writes a table whose rows are needed again, as a view of its name."""
        rows = self.spark.sql(sql).persist()
        rows.createOrReplaceTempView(name.split("/")[1])
        self.write(rows.drop("flags"), name)

    def at_once(self, do: Callable[..., None], things: Sequence[object]) -> None:
        """Two at a time: while one is planned or committed, the other works."""
        with ThreadPoolExecutor(CORES) as pool:
            list(pool.map(do, things))


if __name__ == "__main__":
    main()
