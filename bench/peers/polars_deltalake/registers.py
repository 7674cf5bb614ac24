"""Full snapshots as accepted flow in; the base table with what the newest of them still mention flows out."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from bench.frozen import frozen_tables
from bench.peers.polars_deltalake.cells import half_width
from bench.peers.polars_deltalake.conform import LINES, Judged
from bench.peers.polars_deltalake.reference import region_fact
from bench.peers.polars_deltalake.tables import TIMESTAMP, overwrite, scan

# Who states a row, by which version, and since when no more.
WORD = {"teller": pl.String, "stated": pl.Int64, "taken_back_at": TIMESTAMP}


def merge_register(path: Path, judged: Judged | None) -> pl.LazyFrame | None:
    """The newest statement of each row; it stands while a department's newest snapshot mentions it."""
    known = scan(path)
    if judged is None:
        return known
    [key] = judged.contract.key
    before = known.collect() if known is not None else None
    words = _words(key, before, judged)
    rows = _newest(path.name, key, before, judged).join(words, on=key)
    overwrite(path, rows)
    return rows.lazy()


def _newest(table: str, key: str, before: pl.DataFrame | None, judged: Judged) -> pl.DataFrame:
    """The contents of the rows: what is stated now, else what was known."""
    names = [*frozen_tables()[f"base.{table}"].columns]
    rows = judged.accepted.unique(key, keep="last").rename({"_department": "department"})
    if "city_code" in names:
        rows = rows.with_columns(city_code=region_fact(pl.col("region_code"), "city_code"))
    rows = rows.select(name for name in names if name != "withdrawn_at")
    if before is None:
        return rows
    return pl.concat([before.select(rows.columns).join(rows, on=key, how="anti"), rows])


def _words(key: str, before: pl.DataFrame | None, judged: Judged) -> pl.DataFrame:
    """For each key what every department says of it, and since when nobody stands by it any more."""
    by = [key, "teller"]
    stated = judged.accepted.group_by(key, teller="_department").agg(stated=pl.col("_version").max())
    stated = stated.with_columns(taken_back_at=pl.lit(None, TIMESTAMP))
    if before is not None:
        kept = before.select(key, "_words").explode("_words").unnest("_words")
        stated = pl.concat([kept.select(stated.columns).join(stated, on=by, how="anti"), stated])
    missed = _missed(key, stated, judged)
    said = stated.join(missed, on=by, how="left").with_columns(taken_back_at=pl.coalesce("taken_back_at", "missed_at"))
    return said.group_by(key).agg(
        withdrawn_at=pl.when(pl.col("taken_back_at").null_count() == 0).then(pl.col("taken_back_at").max()),
        _words=pl.struct(*WORD),
    )


def _missed(key: str, stated: pl.DataFrame, judged: Judged) -> pl.DataFrame:
    """When a department first sent a later snapshot that does not mention a key, not even in a row that is none."""
    snapshots = judged.deliveries.select(teller="department", _number="_number", missed_at="received_at")
    mentions = judged.mentions
    later = stated.join(snapshots, on="teller").filter(pl.col("_number") * LINES > pl.col("stated"))
    unmentioned = later.join(mentions, left_on=["_number", key], right_on=["_number", "key"], how="anti")
    unsplit = mentions.filter(pl.col("raw").is_not_null()).select("_number", spelled=_spelled(pl.col("raw")))
    hidden = unmentioned.join(unsplit, on="_number").filter(pl.col("spelled").str.contains(pl.col(key), literal=True))
    missed = unmentioned.join(hidden, on=["_number", key], how="anti")
    return missed.group_by(key, "teller").agg(pl.col("missed_at").min())


def _spelled(text: pl.Expr) -> pl.Expr:
    return half_width(text).str.to_uppercase()
