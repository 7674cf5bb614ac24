"""Gold tables flow in; the serving file flows out: one DuckDB file a version, read-only for dashboards.

A version begins as the one before: only tables whose data files are others are written, and of acts only those files.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from dashboards.render.shapes import region_shapes
from schemas.contract import Contract, contracts
from schemas.contract.views import ACT_DAY
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import exists, version
from spark_jobs.serving.detail import DETAIL, days_sql
from spark_jobs.serving.stored import ACT, FILE, Stored, fingerprint, holding, stored, words

SERVED_LAYERS = ("gold", "themes", DETAIL)
# What only other tables are made of.
INNER = ("themes.object_activity",)
# What people meet of the lake's own books: names of departments, feeds, files and rules, and numbers.
BOOKS, BOOK_LAYER = ("ops.feed", "ops.flow", "ops.quality"), "ops"
SCHEMAS = (*SERVED_LAYERS, BOOK_LAYER)
VERSIONS = "lakewarden-*.duckdb"
WRITERS = 2


def serving_file(home: Home) -> Path:
    """The link to the newest version, which is what Superset is told."""
    return home.serving / "lakewarden.duckdb"


def served_names(database: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of a version that people meet; those that views of details put together are not among them."""
    named = "select table_schema, table_name from information_schema.tables order by all"
    return [f"{schema}.{name}" for schema, name in database.execute(named).fetchall() if schema in SCHEMAS]


def publish_serving(home: Home) -> dict[str, int | float | str]:
    """Publishes a new version if a served table has changed since; returns its size, empty if nothing changed."""
    served = {contract.name: _stored(home, contract) for contract in contracts().values() if _is_served(contract)}
    served = {name: path for name, path in served.items() if exists(path)}
    versions = {name: str(version(path)) for name, path in served.items()}
    link, mark = serving_file(home), Mark(home.state / "published.json", versions)
    if not served or (link.exists() and mark.is_current()):
        return {}
    fresh = _swept(link)
    rows = _write(fresh, link.resolve(), served)
    size = fresh.stat().st_size
    _switch(link, fresh)
    mark.keep()
    return {"tables": len(served), "rows": rows, "bytes": size}


def _is_served(contract: Contract) -> bool:
    return (contract.layer in SERVED_LAYERS and contract.name not in INNER) or contract.name in BOOKS


def _stored(home: Home, contract: Contract) -> Path:
    """The table of the lake that a served table is made of: of a detail, the base table."""
    return home.table("base" if contract.layer == DETAIL else contract.layer, contract.table)


def _swept(link: Path) -> Path:
    """The path to write a version to, free of what a killed publish left there, DuckDB's log beside it included."""
    for left in link.parent.glob(f"{link.stem}.part*"):
        left.unlink()
    return link.with_suffix(".part")


def _switch(link: Path, fresh: Path) -> None:
    """Gives the version a path of its own, which no reader has open, and turns the link to it in one step.

    The version before stays, for requests that began with it; readers keep what they have open whatever is removed.
    """
    before = link.resolve()
    version = link.with_name(f"lakewarden-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.duckdb")
    fresh.replace(version)
    turned = link.with_suffix(".link")
    turned.unlink(missing_ok=True)
    turned.symlink_to(version.name)
    turned.replace(link)
    for old in link.parent.glob(VERSIONS):
        if old not in (version, before):
            old.unlink()


def _write(file: Path, before: Path, served: dict[str, Path]) -> int:
    """Writes a version, over a copy of the one before if that has anything of it already; returns its rows."""
    joined, held = words(), holding(before)
    told = fingerprint(joined)
    tables = {name: stored(contracts()[name], path, told) for name, path in served.items()}
    wanted = [table for several in tables.values() for table in several]
    kept = {table.name for table in wanted if held.get(table.name) == table.made_of}
    if kept:
        shutil.copyfile(before, file)
    with duckdb.connect(str(file), config=FILE) as database:
        _clear(database, held.keys() - kept if kept else set())
        _write_tables(database, [table for table in wanted if table.name not in kept], joined)
        database.register("shapes", pa.Table.from_pylist(region_shapes()))
        database.execute("create table gold.region_shape as select * from shapes")
        for name, several in tables.items():
            if contracts()[name].layer == DETAIL:
                database.execute(f"create view {name} as {_together(several)}")
        if days := days_sql(tables):
            database.execute(f"create view {DETAIL}.{ACT_DAY} as {days}")
        [rows] = database.execute(
            "select sum(estimated_size) from duckdb_tables() where comment is not null"
        ).fetchall()[0]
    return int(rows)


def _write_tables(database: duckdb.DuckDBPyConnection, tables: list[Stored], joined: dict[str, pa.Table]) -> None:
    """Writes tables side by side, each by one thread and on a cursor of its own that knows the words."""

    def write(table: Stored) -> None:
        with database.cursor() as cursor:
            for name, rows in joined.items():
                cursor.register(name, rows)
            table.write(cursor)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, tables))


def _clear(database: duckdb.DuckDBPyConnection, gone: set[str]) -> None:
    """Empties the file of every view and of these tables, whose room what is written next can then have."""
    database.execute(f"drop schema if exists {DETAIL} cascade")
    for layer in (*SCHEMAS, ACT):
        database.execute(f"create schema if not exists {layer}")
    for name in sorted(gone):
        database.execute(f"drop table {name}")
    database.execute("checkpoint")


def _together(tables: list[Stored]) -> str:
    return " union all ".join(f"select * from {table.name}" for table in tables)
