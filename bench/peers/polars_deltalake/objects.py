"""Registrations and acts as accepted flow in; base.supervised_object, merged column by column, flows out.

Each column keeps the order of the claim that it came from: rank, then version; so a run asks only the objects that it
hears of, and nothing of what was said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from bench.peers.polars_deltalake.acts import object_of_act
from bench.peers.polars_deltalake.conform import Judged
from bench.peers.polars_deltalake.reference import city_of, issuer, region_fact
from bench.peers.polars_deltalake.tables import TIMESTAMP, append, overwrite, scan
from schemas.contract import Column, contracts

REGISTRY = "scjg"
NAMES = ("supervised_object", "administrative_cp")
# Worked out from the identity and the claims, not claimed; or Lakewarden's own notes.
DERIVED = {"object_id", "registration_region_code", "registration_city_code", "city_code", "sources"}
DERIVED |= {"claims", "withdrawn_at", "_stated_by", "_withdrawn_by"}
# The order of a claim is its rank, then its version: 2 the registry's own feed, 1 the registry elsewhere, 0 others.
RANK = 1 << 60


def claimed() -> list[Column]:
    """The columns that feeds claim; `flags` is one that only the registry does."""
    return [column for column in contracts()["base.supervised_object"].columns if column.name not in DERIVED]


def is_registered() -> pl.Expr:
    """Whether the registry itself has named the object."""
    return (pl.col(_order("object_name")) >= 2 * RANK).fill_null(False)


def merge_objects(path: Path, judged: Mapping[str, Judged]) -> pl.LazyFrame | None:
    """The objects that are spoken of get the newest of the highest claims, old and new; the others stay."""
    known = scan(path)
    spoken = [one for one in judged.values() if "supervised_object" in one.contract.feeds]
    if not spoken:
        return known
    claims = [_claims(one) for one in spoken]
    if known is None:
        rows = _merged(claims).collect()
        append(path, rows)
        return rows.lazy()
    named = pl.concat([claim.select("object_id") for claim in claims]).unique()
    before = known.join(named, on="object_id", how="semi")
    others = known.join(named, on="object_id", how="anti")
    rows = pl.concat([others, _merged([*claims, before])]).collect()
    overwrite(path, rows)
    return rows.lazy()


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
    columns = [column for column in claimed() if column.name in there]
    orders = {_order(column.name): _claim(column, is_registry) for column in columns}
    rows = rows.filter(pl.col("object_id").is_not_null()).with_columns(**orders)
    return _highest(rows, columns, sources=pl.col("_department").unique())


def _claim(column: Column, is_registry: bool) -> pl.Expr:
    """The order of a row's claim; an empty cell claims nothing."""
    rank = (pl.col("_department") == REGISTRY).cast(pl.Int64) if column.authority else pl.lit(0)
    rank = pl.lit(2) if is_registry else rank
    return pl.when(pl.col(column.name).is_not_null()).then(rank * RANK + pl.col("_version"))


def _highest(rows: pl.LazyFrame, columns: list[Column], sources: pl.Expr) -> pl.LazyFrame:
    orders = [_order(column.name) for column in columns]
    values = [pl.col(column.name).max_by(_order(column.name)) for column in columns]
    return rows.group_by("object_id").agg(*values, pl.col(orders).max(), sources=sources)


def _merged(claims: list[pl.LazyFrame]) -> pl.LazyFrame:
    """One row an object, of everything that is said of it."""
    said = pl.concat(claims, how="diagonal")
    rows = _highest(said, claimed(), sources=pl.col("sources").explode(empty_as_null=False).unique().sort())
    code, object_id = pl.col("region_code"), pl.col("object_id")
    return rows.with_columns(
        region_code=pl.coalesce(region_fact(code, "current_code"), code),
        registration_region_code=issuer(object_id),
        registration_city_code=region_fact(issuer(object_id), "city_code"),
        city_code=city_of(code, object_id),
        withdrawn_at=pl.lit(None, TIMESTAMP),
    )
