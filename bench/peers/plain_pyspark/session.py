"""The size of what has landed flows in; a Spark session with Delta, on two cores of this process, flows out."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

from spark_jobs.engine.spark_server import find_jars, spark_home

CORES = 2
SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A table's log is short: one task reads it.
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
}
GC = "-XX:+UseParallelGC -XX:MetaspaceSize=256m"
# By the bytes that have landed: where rows are few the JVM never wins back what its second compiler costs.
SMALL = {
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.extraJavaOptions": f"{GC} -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
}
LARGE = {
    "spark.driver.memory": "6g",
    "spark.sql.shuffle.partitions": "16",
    "spark.driver.extraJavaOptions": GC,
}
SMALL_BYTES = 100 << 20


def start(landed: int) -> SparkSession:
    """Spark in this process, on two cores, with Delta's jars where all its threads see them."""
    os.environ.pop("SPARK_REMOTE", None)
    os.environ["SPARK_HOME"] = str(spark_home())
    builder = SparkSession.builder.master(f"local[{CORES}]")
    jars = {"spark.driver.extraClassPath": os.pathsep.join(map(str, find_jars()))}
    for name, value in {**SETTINGS, **(SMALL if landed < SMALL_BYTES else LARGE), **jars}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
