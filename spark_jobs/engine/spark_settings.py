"""Every setting that Lakewarden wants of Apache Spark flows out: for the server it starts, and for a cluster's.

`python -m spark_jobs.engine.spark_settings` prints the spark-defaults.conf of a cluster's Connect server.
docs/engines.md tells what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One line of spark-defaults.conf and why it is there."""

    name: str
    value: str
    why: str


# Wherever Spark runs: SQL must mean what it means on Sail.
MEANING = (
    Setting("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension", "Delta's statements"),
    Setting("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog", "Delta's tables"),
    Setting("spark.sql.session.timeZone", "UTC", "moments are kept in UTC"),
    Setting("spark.sql.ansi.enabled", "true", "what cannot be cast is an error, not null"),
)
# Wherever Spark runs: a day is many small statements over wide rules and few rows.
WORK = (
    Setting("spark.sql.codegen.cache.maxEntries", "1000", "the compiled code of all models stays for the next day"),
    Setting("spark.sql.adaptive.coalescePartitions.parallelismFirst", "false", "fewer, larger files"),
)
# One machine: the server that ends with its command, or the one that `lakewarden up` keeps.
LOCAL = (
    Setting("spark.connect.grpc.binding.address", "127.0.0.1", "nobody reaches it from another machine"),
    Setting("spark.driver.host", "127.0.0.1", "nor its driver"),
    Setting("spark.driver.bindAddress", "127.0.0.1", "nor its block manager"),
    Setting("spark.ui.enabled", "false", "nor its pages"),
    Setting("spark.log.level", "WARN", "logs/spark.log is for people"),
    Setting("spark.sql.shuffle.partitions", "4", "of 200 most would be empty"),
    Setting("spark.databricks.delta.snapshotPartitions", "1", "a table's log is short: of 50 tasks 49 would idle"),
    Setting("spark.sql.sources.parallelPartitionDiscovery.parallelism", "4", "a listing is small, too"),
)
# Many machines: shuffles keep their 200 partitions, which adaptive execution joins where rows are few.
CLUSTER = (
    Setting("spark.databricks.delta.snapshotPartitions", "4", "a table's log is short: of 50 tasks most would idle"),
)
# Serialised plans of many columns are humongous objects to G1, and generated classes outgrow the first metaspace.
JVM = "-XX:+UseParallelGC -XX:MetaspaceSize=256m"
# A server that ends with its command, of few rows, has no time to win back what the second compiler costs: on two cores
# files of 157 MB took it half a minute longer, files of 490 MB a minute less.
BRIEF = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
# Bytes of files from which it has.
MANY = 300 << 20


def local_settings() -> dict[str, str]:
    """What the server that Lakewarden starts is given, but for its port, folders and JVM."""
    return {setting.name: setting.value for setting in (*MEANING, *WORK, *LOCAL)}


def cluster_conf() -> str:
    """The lines for the spark-defaults.conf of a cluster's Connect server, each with its reason."""
    return "".join(f"# {setting.why}\n{setting.name} {setting.value}\n" for setting in (*MEANING, *WORK, *CLUSTER))


if __name__ == "__main__":
    print(cluster_conf(), end="")
