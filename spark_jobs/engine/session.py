"""The engine: a Spark Connect session over every table of the lake, on Sail or on Apache Spark."""

from __future__ import annotations

import atexit
import logging
import os
import re
import warnings
from collections.abc import Collection
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import tables

# Sail's allocator (mimalloc) gives back at once what it does not need, and asks for pages of 4 KiB: some 200 MiB less
# of a delivery of millions of rows, in the same time. It reads this when it is loaded.
SAIL = {"RUST_LOG": "error", "MIMALLOC_PURGE_DELAY": "10", "MIMALLOC_ALLOW_THP": "0"}

_registered: dict[tuple[str, Home], set[tuple[str, str]]] = {}


def connect(home: Home, volume: int = 0, needs: Collection[str] | None = None) -> SparkSession:
    """The process's session, with tables on disk registered under <layer>.<table>; another home gets a new one.

    SPARK_REMOTE names a server; without it LAKEWARDEN_ENGINE (sail, the default, or spark) is started here, for work
    on files of `volume` bytes. `needs`: the tables that the work reads, such as base.licence, or all.
    """
    if "SPARK_REMOTE" not in os.environ:
        os.environ["SPARK_REMOTE"] = _start(os.environ.get("LAKEWARDEN_ENGINE", "sail"), home, volume)
    warnings.filterwarnings("ignore", message="Failed to set spark.sql.catalogImplementation")
    # gRPC prints the trace of an answer it cannot read; PySpark raises it too, except when a result is released in the
    # background, where it matters to nobody.
    logging.getLogger("grpc").setLevel(logging.CRITICAL + 1)
    # PySpark logs the whole trace of what it raises as well.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    spark = SparkSession.builder.getOrCreate()
    if any(session == spark.session_id and other != home for session, other in _registered):
        spark.stop()
        spark = SparkSession.builder.getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    register(spark, home, needs)
    return spark


def query(home: Home, statement: str) -> DataFrame:
    """What a statement gives, in the process's session, which is told of the tables that it names."""
    return connect(home, needs=tables_named(home, statement)).sql(statement)


def tables_named(home: Home, statement: str) -> set[str]:
    """The tables on disk, such as base.licence, whose names are words of a statement; rather one too many."""
    words = {word.lower() for word in re.findall(r"\w+", statement)}
    return {f"{layer}.{name}" for layer, name in tables(home) if name in words}


def register(spark: SparkSession, home: Home, needs: Collection[str] | None = None) -> None:
    """Tells the session's catalog of tables that it does not know yet, all or those needed: the path is the truth."""
    registered = _registered.setdefault((spark.session_id, home), set())
    new = [
        (layer, name)
        for layer, name in tables(home)
        if (layer, name) not in registered and layer != "work"
        if needs is None or layer == "ops" or f"{layer}.{name}" in needs
    ]
    for layer in sorted({layer for layer, _ in new} - {layer for layer, _ in registered}):
        spark.sql(f"create database if not exists {layer} location '{home.warehouse / layer}'")
        if layer == "ops":
            _refuse_other_home(spark, home)
    for layer, name in new:
        location = home.table(layer, name)
        spark.sql(f"create table if not exists {layer}.{name} using delta location '{location}'")
        registered.add((layer, name))


def forget(spark: SparkSession, home: Home, layer: str, name: str) -> None:
    """Takes a table out of the session's catalog, which would keep the columns it knows; the files stay."""
    spark.sql(f"drop table if exists {layer}.{name}")
    _registered[spark.session_id, home].discard((layer, name))


def _refuse_other_home(spark: SparkSession, home: Home) -> None:
    """All sessions of a Spark server share one catalog: a second home would read the first one's tables."""
    location = unquote(spark.catalog.getDatabase("ops").locationUri).removeprefix("file:")
    if location != str(home.warehouse / "ops"):
        raise Refused(f"this engine serves the home of {location}; {home.path} needs a server of its own")


def _start(engine: str, home: Home, volume: int) -> str:
    if engine == "sail":
        return _start_sail()
    if engine == "spark":
        from spark_jobs.engine.spark_server import start_spark

        return start_spark(home, volume)
    raise Refused(f"LAKEWARDEN_ENGINE: {engine!r} is not an engine; use sail or spark")


def _start_sail() -> str:
    for option, value in SAIL.items():
        os.environ.setdefault(option, value)
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    atexit.register(server.stop)
    host, port = server.listening_address
    return f"sc://{host}:{port}"
