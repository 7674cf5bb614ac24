"""Gold tables flow in; the serving file flows out: one DuckDB file, swapped in whole, read-only for dashboards."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from dashboards.shapes import region_shapes
from schemas.contract import contracts
from spark_jobs.home import Home
from spark_jobs.lake import read
from spark_jobs.marks import Mark

SERVED_LAYERS = ("gold", "themes")


def serving_file(home: Home) -> Path:
    """The file that Superset opens."""
    return home.serving / "lakewarden.duckdb"


def publish_serving(home: Home) -> dict[str, int | float | str]:
    """Writes a new serving file if a served table has changed since; returns its size, empty if nothing changed."""
    served = {c.name: home.table(c.layer, c.table) for c in contracts().values() if c.layer in SERVED_LAYERS}
    served = {name: path for name, path in served.items() if (path / "_delta_log").exists()}
    versions = {name: str(DeltaTable(path).version()) for name, path in served.items()}
    target, mark = serving_file(home), Mark(home.state / "published.json", versions)
    if not served or (target.exists() and mark.is_current()):
        return {}
    fresh = target.with_suffix(".part")
    fresh.unlink(missing_ok=True)
    rows = _write(fresh, served)
    fresh.replace(target)
    mark.keep()
    return {"tables": len(served), "rows": rows, "bytes": target.stat().st_size}


def _write(file: Path, served: dict[str, Path]) -> int:
    rows = 0
    with duckdb.connect(str(file)) as database:
        for layer in SERVED_LAYERS:
            database.execute(f"create schema {layer}")
        for name, path in served.items():
            table = read(path, columns=_public(name))
            database.register("incoming", table)
            database.execute(f"create table {name} as select * from incoming")
            database.unregister("incoming")
            rows += table.num_rows
        database.register("shapes", pa.Table.from_pylist(region_shapes()))
        database.execute("create table gold.region_shape as select * from shapes")
    return rows


def _public(name: str) -> list[str]:
    """The table's columns that may leave the lake: nothing personal."""
    return [column.name for column in contracts()[name].columns if column.sensitivity != "personal"]
