"""Table versions flow in; the layers whose inputs changed are built, base by new deliveries, the others whole."""

# Engine and dbt are imported by what needs them: a run that finds nothing new must not pay for them.
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from schemas.contract import SCHEMAS, Contract, contracts, feeds, roots
from spark_jobs.lake.codes import write_codes
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.sql import condition
from spark_jobs.lake.tables import merge, read, table_schema, tables
from spark_jobs.lake.upkeep import keep_up

PROJECT = SCHEMAS.parent / "dbt_project"
# What a base key is called in silver.
SILVER_NAMES = {"department": "_department", "object_id": "uscc"}


class Unaccounted(Exception):
    """Rows of silver that no base table knows."""


def build_base(home: Home, full: bool = False) -> dict[str, int | float | str]:
    """Merges accepted deliveries that base does not have yet; returns what was merged, empty if nothing was."""
    accepted = _accepted(home)
    new = accepted if full else accepted.filter(_is_unmerged(home, accepted))
    if new.num_rows == 0:
        return {}
    from spark_jobs.building.dbt import base_tables, run_dbt
    from spark_jobs.engine.session import connect

    read_again = accepted.filter(pc.is_in(accepted["_delivery"], pa.array(_to_read(accepted, new))))
    write_codes(home)
    connect(home, pc.sum(read_again["bytes"]).as_py())
    names, since = read_again["_delivery"].to_pylist(), pc.min(read_again["received_at"]).as_py()
    merged = base_tables(set(new["feed"].to_pylist()))
    variables = {
        "deliveries": names,
        "since": since.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "files": {name: len(DeltaTable(home.table("base", name)).file_uris()) for name in merged},
    }
    run_dbt(home, [f"base.{name}" for name in merged], variables, full)
    _reconcile(home, new)
    keep_up(home, "base")
    return {"deliveries": new.num_rows, "rows": pc.sum(new["rows_accepted"]).as_py()}


def _accepted(home: Home) -> pa.Table:
    """The accepted deliveries of feeds that flow into a base table."""
    columns = ["_delivery", "department", "feed", "received_at", "bytes", "rows_accepted"]
    ledger = read(home.table("ops", "delivery"), columns, [("state", "=", "accepted")])
    flowing = [name for name, contract in feeds().items() if contract.feeds]
    return ledger.filter(pc.is_in(ledger["feed"], pa.array(flowing, pa.string())))


def _is_unmerged(home: Home, accepted: pa.Table) -> pa.Array:
    """Of each delivery whether base lacks it, or lacks rows of it that were accepted later (`lakewarden replay`)."""
    merged = {row["_delivery"]: row["rows_in"] for row in _base_hops(home)}
    said = zip(accepted["_delivery"].to_pylist(), accepted["rows_accepted"].to_pylist(), strict=True)
    return pa.array([merged.get(name) != rows for name, rows in said], pa.bool_())


def _base_hops(home: Home) -> list[dict[str, Any]]:
    columns = ["_delivery", "rows_in", "rows_out"]
    rows: list[dict[str, Any]] = read(home.table("ops", "reconciliation"), columns, [("hop", "=", "base")]).to_pylist()
    return rows


def _to_read(accepted: pa.Table, new: pa.Table) -> list[str]:
    """The new deliveries, and after each new full snapshot the later ones of its department.

    A snapshot that was held and released late takes its place in the order of receipt: what the later ones do not
    mention is withdrawn from then on.
    """
    first: dict[tuple[str, str], datetime] = {}
    for row in new.to_pylist():
        if feeds()[row["feed"]].is_snapshot:
            place = (row["department"], row["feed"])
            first[place] = min(first.get(place, row["received_at"]), row["received_at"])
    later = [
        row["_delivery"]
        for row in (accepted.to_pylist() if first else [])
        if (row["department"], row["feed"]) in first and row["received_at"] >= first[row["department"], row["feed"]]
    ]
    return [*new["_delivery"].to_pylist(), *later]


def _reconcile(home: Home, new: pa.Table) -> None:
    """Proves that every accepted row's key is in base, standing or withdrawn, by delivery; raises Unaccounted."""
    from spark_jobs.engine.session import connect

    spark = connect(home)
    moment, hops = now(), []
    for feed in sorted(set(new["feed"].to_pylist())):
        contract = feeds()[feed]
        rows_in = {r["_delivery"]: r for r in new.filter(pc.equal(new["feed"], feed)).to_pylist()}
        found = {row[0]: row[1] for row in spark.sql(_found_sql(contract, rows_in)).collect()}
        for name, row in rows_in.items():
            counts = {"rows_in": row["rows_accepted"], "rows_out": found.get(name, 0), "rows_aside": 0}
            if counts["rows_in"] != counts["rows_out"]:
                raise Unaccounted(f"{feed}: {name}: {counts['rows_in']} rows in silver, {counts['rows_out']} in base")
            hops.append({"_delivery": name, "feed": feed, "hop": "base", "checked_at": moment} | counts)
    checked = contracts()["ops.reconciliation"]
    done = {(hop["_delivery"], hop["rows_in"], hop["rows_out"]) for hop in _base_hops(home)}
    fresh = [hop for hop in hops if (hop["_delivery"], hop["rows_in"], hop["rows_out"]) not in done]
    if fresh:
        path = home.table("ops", checked.table)
        merge(path, pa.Table.from_pylist(fresh, schema=table_schema(checked)), checked.key)


def _found_sql(contract: Contract, deliveries: Mapping[str, dict[str, Any]]) -> str:
    target = contracts()[f"base.{contract.feeds[0]}"]
    same = " and ".join(f"b.{key} = s.{SILVER_NAMES.get(key, key)}" for key in target.key)
    since = min(row["received_at"] for row in deliveries.values())
    rows = condition([("s._delivery", "in", list(deliveries)), ("s._received_at", ">=", since)])
    return (
        f"select s._delivery, count(*) from silver.{contract.name} s left semi join {target.name} b on {same}"
        f" where {rows} group by s._delivery"
    )


def build_themes(home: Home, full: bool = False) -> bool:
    """Builds the themes anew if base has changed since."""
    if not _layers(home, "base"):
        return False
    write_codes(home)
    mark = _mark(home, "themes", _versions(home, "base", "codes"))
    if mark.is_current() and not full:
        return False
    from spark_jobs.building.dbt import run_dbt
    from spark_jobs.engine.session import connect

    connect(home)
    run_dbt(home, ["path:models/themes"], {}, full)
    keep_up(home, "themes")
    mark.keep()
    return True


def build_gold(home: Home, as_of: date, full: bool = False) -> bool:
    """Scores and counts anew if base or themes have changed since, or the day has."""
    if not _layers(home, "themes"):
        return False
    write_codes(home)
    mark = _mark(home, "gold", {"as_of": str(as_of), **_versions(home, "base", "themes", "codes")})
    if mark.is_current() and not full:
        return False
    from spark_jobs.building.dbt import run_dbt
    from spark_jobs.building.score import score
    from spark_jobs.engine.session import connect, register

    spark = connect(home)
    score(home, spark, as_of)
    register(spark, home)
    run_dbt(home, ["path:models/gold"], {"as_of": str(as_of)}, full)
    keep_up(home, "gold")
    mark.keep()
    return True


def _layers(home: Home, layer: str) -> list[str]:
    return [name for found, name in tables(home) if found == layer]


def _versions(home: Home, *layers: str) -> dict[str, str]:
    """The version of every table of these layers, and of what declares them."""
    versions = {
        f"{layer}.{name}": str(DeltaTable(home.table(layer, name)).version())
        for layer in layers
        for name in _layers(home, layer)
    }
    return {**versions, "declared": _declared()}


def _declared() -> str:
    """A fingerprint of models, contracts and risk models: when they change, what they build is out of date."""
    digest = hashlib.sha256()
    contracts_in = [(root, "*.yaml") for root in roots()]
    for folder, pattern in ((PROJECT / "models", "*.sql"), (PROJECT / "macros", "*.sql"), *contracts_in):
        # What is rendered follows from the contracts, and is not there yet when a fresh tree is first asked.
        for path in sorted(path for path in folder.rglob(pattern) if "_rendered" not in path.parts):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _mark(home: Home, layer: str, inputs: dict[str, str]) -> Mark:
    return Mark(home.state / f"built_{layer}.json", inputs)
