"""A landing folder flows in; the Delta tables of every layer flow out, by PySpark and Delta alone."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from bench.peers.files import FAULT, LINE, RAW, Delivered, new_files
from bench.peers.plain_pyspark import reporting as report
from bench.peers.plain_pyspark.judging import judged_sql, texts
from bench.peers.plain_pyspark.merging import (
    ACTS,
    OBJECT,
    SNAPSHOTS,
    act_sql,
    merge_act_sql,
    merge_object_sql,
    merge_snapshot_sql,
    object_sql,
    snapshot_sql,
)
from schemas.contract import Contract, feeds
from spark_jobs.codes import _tables as code_tables
from spark_jobs.spark_server import find_jars, spark_home

SYSTEM = "_delivery, _line, _department, _received_at"
CORES = 2
ROWS_A_GROUP = 50_000
SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.memory": "3g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Two cores: two tasks a shuffle, few files a table, one task to read a table's log.
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    # A JVM that lives minutes never wins back what its second compiler costs.
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:MetaspaceSize=256m"
    " -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
}


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
            delivered = job.land(options.landing, options.moment)
        with job.stage("conform"):
            accepted = job.conform(delivered, options.moment)
        with job.stage("base"):
            job.merge(delivered)
        with job.stage("themes"):
            job.build_themes()
        with job.stage("gold"):
            job.build_gold(options.as_of)
        job.spark.stop()
    rows = sum(one.rows.num_rows for one in delivered)
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

    def land(self, landing: Path, moment: datetime) -> list[Delivered]:
        """Reads the new files while the JVM starts, and hands them to it as one Parquet file a feed."""
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(lambda: new_files(landing, self.known()))
            self.spark = start()
            delivered = reading.result()
        by_feed: dict[str, list[Delivered]] = defaultdict(list)
        for one in delivered:
            by_feed[one.contract.name].append(one)
        for feed, files in by_feed.items():
            self.columns[feed] = sorted({name for one in files for name in one.rows.column_names} - {LINE, RAW, FAULT})
            parts = [as_text(one, self.columns[feed], moment) for one in files]
            path = self.staging / f"{feed}.parquet"
            pq.write_table(pa.concat_tables(parts), path, compression="lz4", row_group_size=ROWS_A_GROUP)
            self.spark.read.parquet(str(path)).createOrReplaceTempView(f"{feed}_text")
        return delivered

    def known(self) -> set[str]:
        """The contents that an earlier run has taken."""
        if not self.exists("ops/delivery"):
            return set()
        rows = DeltaTable(self.table("ops/delivery")).to_pyarrow_table(columns=["_delivery"])
        return set(rows.column("_delivery").to_pylist())

    def conform(self, delivered: Sequence[Delivered], moment: datetime) -> int:
        """Judges the rows of every feed once and keeps them for base; returns how many are good."""
        codes = code_tables()
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
        assert all(good[one.sha256][1] == one.rows.num_rows for one in delivered)
        self.write(self.ledger(delivered, {name: n for name, (n, _) in good.items()}, moment), "ops/delivery", "append")
        return sum(n for n, _ in good.values())

    def judge(self, contract: Contract) -> None:
        feed = contract.name
        judged = self.spark.sql(judged_sql(contract, self.columns[feed])).persist()
        judged.createOrReplaceTempView(f"{feed}_judged")
        typed = ", ".join(column.name for column in contract.columns)
        good = f"select {typed}, {SYSTEM}, {texts('_doubts')} as _flags from {feed}_judged where _bad = ''"
        bad = f"select {SYSTEM}, {texts('_bad')} as _reasons from {feed}_judged where _bad <> ''"
        self.write(self.spark.sql(good), f"silver/{feed}", "append")
        self.write(self.spark.sql(bad).coalesce(1), f"quarantine/{feed}", "append")

    def ledger(self, delivered: Sequence[Delivered], good: dict[str, int], moment: datetime) -> DataFrame:
        rows = [
            {
                "_delivery": one.sha256,
                "department": one.department,
                "feed": one.contract.name,
                "file_name": one.path.name,
                "received_at": moment + timedelta(microseconds=one.place),
                "rows_delivered": one.rows.num_rows,
                "rows_accepted": good[one.sha256],
                "rows_quarantined": one.rows.num_rows - good[one.sha256],
            }
            for one in delivered
        ]
        return self.spark.createDataFrame(pa.Table.from_pylist(rows)).coalesce(1)

    def merge(self, delivered: Sequence[Delivered]) -> None:
        """Merges into the base tables that new rows speak of."""
        told = {table for one in delivered for table in one.contract.feeds}
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


def start() -> SparkSession:
    """Spark in this process, on two cores, with Delta's jars where all its threads see them."""
    os.environ.pop("SPARK_REMOTE", None)
    os.environ["SPARK_HOME"] = str(spark_home())
    builder = SparkSession.builder.master(f"local[{CORES}]")
    for name, value in {**SETTINGS, "spark.driver.extraClassPath": os.pathsep.join(map(str, find_jars()))}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def as_text(one: Delivered, columns: Sequence[str], moment: datetime) -> pa.Table:
    """A file's rows with all columns that its feed has today, and where they come from."""
    count, amounts = one.rows.num_rows, [c.name for c in one.contract.columns if c.parse == "amount"]
    cells = {
        name: one.rows.column(name) if name in one.rows.column_names else pa.nulls(count, pa.string())
        for name in columns
    }
    scales = {f"{name}__scale": pa.repeat(pa.scalar(one.scales.get(name, 1), pa.int32()), count) for name in amounts}
    received = pa.scalar(moment + timedelta(microseconds=one.place), pa.timestamp("us", tz="UTC"))
    system = {
        "_delivery": pa.repeat(one.sha256, count),
        "_department": pa.repeat(one.department, count),
        "_received_at": pa.repeat(received, count),
        **{name: one.rows.column(name) for name in (LINE, RAW, FAULT)},
    }
    return pa.table({**cells, **scales, **system})


if __name__ == "__main__":
    main()
