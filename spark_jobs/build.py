"""Table versions flow in; the layers whose inputs changed are built, base by new deliveries, the others whole."""

# Engine and dbt are imported by what needs them: a run that finds nothing new must not pay for them.
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from schemas.contract import SCHEMAS, Contract, contracts, feeds, roots
from spark_jobs.home import Home, now
from spark_jobs.lake import append, read, table_schema, tables

PROJECT = SCHEMAS.parent / "dbt_project"
# What a base key is called in silver.
SILVER_NAMES = {"department": "_department", "object_id": "uscc"}


class Unaccounted(Exception):
    """Rows of silver that no base table knows."""


def build_base(home: Home, full: bool = False) -> dict[str, int | float | str]:
    """Merges accepted deliveries that base does not have yet; returns what was merged, empty if nothing was."""
    accepted = read(
        home.table("ops", "delivery"),
        ["_delivery", "feed", "received_at", "rows_accepted"],
        [("state", "=", "accepted")],
    )
    done = read(home.table("ops", "reconciliation"), ["_delivery"], [("hop", "=", "base")]).column("_delivery")
    new = accepted if full else accepted.filter(pc.invert(pc.is_in(accepted["_delivery"], done.combine_chunks())))
    if new.num_rows == 0:
        return {}
    from spark_jobs.codes import write_codes
    from spark_jobs.engine import connect
    from spark_jobs.transform import base_tables, run_dbt

    write_codes(home)
    connect(home)
    names, since = new["_delivery"].to_pylist(), pc.min(new["received_at"]).as_py()
    delivered = set(new["feed"].to_pylist())
    run_dbt(
        home,
        [f"base.{name}" for name in base_tables(delivered)],
        {"deliveries": names, "since": since.strftime("%Y-%m-%d %H:%M:%S.%f")},
        full,
    )
    _reconcile(home, new)
    return {"deliveries": len(names), "rows": pc.sum(new["rows_accepted"]).as_py()}


def _reconcile(home: Home, new: pa.Table) -> None:
    """Proves that every accepted row's key is in base, delivery by delivery; raises Unaccounted."""
    from spark_jobs.engine import connect

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
    path = home.table("ops", "reconciliation")
    done = read(path, ["_delivery"], [("hop", "=", "base")]).column("_delivery").to_pylist()
    fresh = [hop for hop in hops if hop["_delivery"] not in set(done)]
    append(path, pa.Table.from_pylist(fresh, schema=table_schema(contracts()["ops.reconciliation"])))


def _found_sql(contract: Contract, deliveries: Iterable[str]) -> str:
    from spark_jobs.rules import quoted

    target = contracts()[f"base.{contract.feeds[0]}"]
    same = " and ".join(f"b.{key} = s.{SILVER_NAMES.get(key, key)}" for key in target.key)
    listed = ", ".join(map(quoted, deliveries))
    return (
        f"select s._delivery, count(*) from silver.{contract.name} s left semi join {target.name} b on {same}"
        f" where s._delivery in ({listed}) group by s._delivery"
    )


def build_themes(home: Home, full: bool = False) -> bool:
    """Builds the themes anew if base has changed since."""
    if not _layers(home, "base"):
        return False
    marks = _Marks(home, "themes", _versions(home, "base", "codes"))
    if marks.are_current() and not full:
        return False
    from spark_jobs.engine import connect
    from spark_jobs.transform import run_dbt

    connect(home)
    run_dbt(home, ["path:models/themes"], {}, full)
    marks.keep()
    return True


def build_gold(home: Home, as_of: date, full: bool = False) -> bool:
    """Scores and counts anew if base or themes have changed since, or the day has."""
    if not _layers(home, "themes"):
        return False
    marks = _Marks(home, "gold", {"as_of": str(as_of), **_versions(home, "base", "themes", "codes")})
    if marks.are_current() and not full:
        return False
    from spark_jobs.engine import connect, register
    from spark_jobs.score import score
    from spark_jobs.transform import run_dbt

    spark = connect(home)
    score(home, spark, as_of)
    register(spark, home)
    run_dbt(home, ["path:models/gold"], {"as_of": str(as_of)}, full)
    marks.keep()
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
        for path in sorted(folder.rglob(pattern)):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


class _Marks:
    """What a layer was last built from; losing the file costs one build."""

    def __init__(self, home: Home, layer: str, inputs: dict[str, str]) -> None:
        self.path: Path = home.state / f"built_{layer}.json"
        self.inputs = inputs

    def are_current(self) -> bool:
        return self.path.exists() and json.loads(self.path.read_text()) == self.inputs

    def keep(self) -> None:
        self.path.write_text(json.dumps(self.inputs))
