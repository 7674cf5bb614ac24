"""Registrations and acts as accepted flow in; base.supervised_object, merged column by column, flows out.

Each column keeps the order of the claim that it came from, rank, then version: a run needs to know no more of what was
said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path

import polars as pl

from bench.frozen import frozen_tables
from bench.peers.polars_deltalake.acts import object_of_act
from bench.peers.polars_deltalake.conform import Judged
from bench.peers.polars_deltalake.reference import city_of, issuer, region_fact
from bench.peers.polars_deltalake.tables import TIMESTAMP, empty, overwrite, scan

REGISTRY = "scjg"
NAMES = ("supervised_object", "administrative_cp")
FEEDS = ("scjg_enterprise", "check_action", "punish_action")
TABLE = frozen_tables()["base.supervised_object"]
# Worked out from the identity and the claims, not claimed.
DERIVED = ("object_id", "registration_region_code", "registration_city_code", "city_code", "sources", "withdrawn_at")
# The columns that feeds claim; `flags` is one that only the registry does, and of these two its word is one of many.
CLAIMED = tuple(name for name in TABLE.columns if name not in DERIVED)
WITHOUT_AUTHORITY = ("address_operating", "flags")
# The order of a claim is its rank, then its version: 2 the registry's own feed, 1 the registry elsewhere, 0 others.
RANK = 1 << 60
UNCLAIMED = -1
OTHER = "_other"


def is_registered() -> pl.Expr:
    """Whether the registry itself has named the object."""
    return (pl.col(_order("object_name")) >= 2 * RANK).fill_null(False)


def merge_objects(path: Path, judged: Mapping[str, Judged]) -> pl.LazyFrame:
    """Every object has the newest of the highest claims, known or new."""
    known = scan(path)
    known = _nothing() if known is None else known
    claims = [_claims(one) for feed, one in judged.items() if feed in FEEDS]
    if not claims:
        return known
    rows = _placed(reduce(_both, claims, known)).collect()
    overwrite(path, rows)
    return rows.lazy()


def _nothing() -> pl.LazyFrame:
    """The table before anything was said."""
    orders = {_order(name): pl.lit(None, pl.Int64) for name in CLAIMED}
    return empty(TABLE).with_columns(**orders)


def _order(column: str) -> str:
    return f"_{column}_order"


def _claims(judged: Judged) -> pl.LazyFrame:
    """What a feed says of each object: the newest of its highest claims for every column that it has."""
    rows = judged.accepted.lazy().rename({"_flags": "flags"})
    is_registry = judged.contract.department == REGISTRY
    rows = rows.with_columns(object_id=pl.col("uscc") if is_registry else object_of_act())
    if not is_registry:
        rows = rows.with_columns(object_name=pl.coalesce(NAMES)).drop("flags")
    there = {*rows.collect_schema().names()}
    columns = [name for name in CLAIMED if name in there]
    orders = {_order(name): _claim(name, is_registry) for name in columns}
    rows = rows.filter(pl.col("object_id").is_not_null()).with_columns(**orders)
    values = [pl.col(name).max_by(_order(name)) for name in columns]
    highest = pl.col(*orders).max()
    return rows.group_by("object_id").agg(*values, highest, sources=pl.col("_department").unique())


def _claim(name: str, is_registry: bool) -> pl.Expr:
    """The order of a row's claim; an empty cell claims nothing."""
    rank = pl.lit(0) if name in WITHOUT_AUTHORITY else (pl.col("_department") == REGISTRY).cast(pl.Int64)
    rank = pl.lit(2) if is_registry else rank
    return pl.when(pl.col(name).is_not_null()).then(rank * RANK + pl.col("_version"))


def _both(some: pl.LazyFrame, others: pl.LazyFrame) -> pl.LazyFrame:
    """Two that have one row an object as one that has, every column from whoever claims it higher."""
    names, others_names = {*some.collect_schema().names()}, {*others.collect_schema().names()}
    joined = some.join(others, on="object_id", how="full", coalesce=True, suffix=OTHER)
    chosen = {"sources": pl.concat_list(pl.col("sources", f"sources{OTHER}").fill_null([])).list.unique()}
    for name in CLAIMED:
        order = _order(name)
        if name in names & others_names:
            is_other = pl.col(f"{order}{OTHER}").fill_null(UNCLAIMED) > pl.col(order).fill_null(UNCLAIMED)
            chosen[name] = pl.when(is_other).then(f"{name}{OTHER}").otherwise(name)
            chosen[order] = pl.max_horizontal(order, f"{order}{OTHER}")
    kept = {name: pl.col(name) for name in sorted(names | others_names)}
    return joined.select(**{**kept, **chosen})


def _placed(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The objects with their places of today."""
    code, object_id = pl.col("region_code"), pl.col("object_id")
    return rows.with_columns(
        pl.col("sources").list.sort(),
        region_code=pl.coalesce(region_fact(code, "current_code"), code),
        registration_region_code=issuer(object_id),
        registration_city_code=region_fact(issuer(object_id), "city_code"),
        city_code=city_of(code, object_id),
        withdrawn_at=pl.lit(None, TIMESTAMP),
    )
