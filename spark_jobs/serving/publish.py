"""Gold tables flow in; the serving file flows out: one DuckDB file a version, read-only for dashboards."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from dashboards.render.shapes import region_shapes
from schemas.contract import Contract, TableContract, code_list, code_lists, contracts
from schemas.contract.labels import labels, served_columns
from spark_jobs.lake.codes import regions
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.sql import DATAFUSION
from spark_jobs.lake.tables import exists, stream, version
from spark_jobs.serving.detail import detail_sql, stored_columns

DETAIL = "detail"
SERVED_LAYERS = ("gold", "themes", DETAIL)
# What only other tables are made of.
INNER = ("themes.object_activity",)
VERSIONS = "lakewarden-*.duckdb"


def serving_file(home: Home) -> Path:
    """The link to the newest version, which is what Superset is told."""
    return home.serving / "lakewarden.duckdb"


def publish_serving(home: Home) -> dict[str, int | float | str]:
    """Publishes a new version if a served table has changed since; returns its size, empty if nothing changed."""
    served = {
        c.name: _stored(home, c) for c in contracts().values() if c.layer in SERVED_LAYERS and c.name not in INNER
    }
    served = {name: path for name, path in served.items() if exists(path)}
    versions = {name: str(version(path)) for name, path in served.items()}
    link, mark = serving_file(home), Mark(home.state / "published.json", versions)
    if not served or (link.exists() and mark.is_current()):
        return {}
    fresh = link.with_suffix(".part")
    fresh.unlink(missing_ok=True)
    rows = _write(fresh, served)
    size = fresh.stat().st_size
    _switch(link, fresh)
    mark.keep()
    return {"tables": len(served), "rows": rows, "bytes": size}


def _stored(home: Home, contract: Contract) -> Path:
    """The table of the lake that a served table is made of: of a detail, the base table."""
    return home.table("base" if contract.layer == DETAIL else contract.layer, contract.table)


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


def _write(file: Path, served: dict[str, Path]) -> int:
    rows = 0
    # In the order of arrival, row groups are left half empty: a quarter more file, a third more processor time. Whoever
    # wants an order asks for it.
    with duckdb.connect(str(file), config={"preserve_insertion_order": False}) as database:
        for layer in SERVED_LAYERS:
            database.execute(f"create schema {layer}")
        database.register("code", _codes())
        database.register("region", pa.Table.from_pylist(list(regions())))
        for name, path in served.items():
            rows += _serve(database, contracts()[name], path)
        database.register("shapes", pa.Table.from_pylist(region_shapes()))
        database.execute("create table gold.region_shape as select * from shapes")
    return rows


def _serve(database: duckdb.DuckDBPyConnection, contract: Contract, path: Path) -> int:
    """Writes one table; returns its rows."""
    if isinstance(contract, TableContract) and contract.layer == DETAIL:
        columns, rows = stored_columns(contract), f"({detail_sql(contract)})"
    else:
        columns, rows = [column.name for column in contract.columns if column.sensitivity != "personal"], "incoming"
    database.register("incoming", stream(path, columns))
    [written] = database.execute(f"create table {contract.name} as {_labelled(contract, rows)}").fetchall()[0]
    database.unregister("incoming")
    return int(written)


def _codes() -> pa.Table:
    """The label of every code of every list."""
    rows = [{"list": name, "code": code.code, "label": code.label} for name in code_lists() for code in code_list(name)]
    return pa.Table.from_pylist(rows)


def _labelled(contract: Contract, rows: str) -> str:
    """The rows with the label of each code beside it."""
    joins, columns = "", {column.name: f"served.{column.name}" for column in served_columns(contract)}
    for place, label in enumerate(labels(contract)):
        code, words = f"served.{label.of.name}", f"code_{place}"
        own = " ".join(f"when {_text(key)} then {_text(word)}" for key, word in label.of.says.items())
        columns[label.column.name] = f"case {code} {own} else {words}.label end" if own else f"{words}.label"
        joins += f" left join code as {words} on {words}.list = {_text(label.codes)} and {words}.code = {code}"
    listed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"select {listed} from {rows} as served{joins}"


def _text(value: str) -> str:
    return DATAFUSION.literal(value)
