"""What a pass made flows in; what the form with Lakewarden's promises keeps beside it flows out, counted by Polars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from bench.frozen import frozen_tables
from bench.peers.files import CORES
from bench.peers.polars_deltalake.acts import object_of_act
from bench.peers.polars_deltalake.conform import Feed, Judged
from bench.peers.polars_deltalake.tables import append_arrow, scan
from bench.peers.promises import Hop, JudgedFeed, Promises, Said


class PolarsPromises(Promises):
    """What is kept of one pass."""

    def __init__(self, out: Path, moment: datetime) -> None:
        super().__init__(out, moment, append_arrow)

    def keep(self, feed: Feed, judged: Judged) -> None:
        """Bronze, receipts and counts of a feed."""
        counts = judged.deliveries
        self.judged(
            JudgedFeed(
                feed.files,
                counts["received_at"].to_list(),
                feed.rows,
                feed.file.to_numpy(),
                counts["rows_accepted"].to_list(),
                counts["rows_quarantined"].to_list(),
                _said(judged.reasons),
                _said(judged.flags.join(judged.reasons, on="row", how="anti")),
            )
        )

    def reconcile_base(self, judged: Mapping[str, Judged]) -> None:
        """Stops if a base table does not know the key of an accepted row."""
        flows = [(one, table) for one in judged.values() for table in one.contract.into]
        with ThreadPoolExecutor(CORES) as pool:
            counted = pool.map(lambda flow: list(_counted(self.out, *flow)), flows)
            self.reconcile([hop for some in counted for hop in some])

    def publish(self, layers: Mapping[str, Mapping[str, pl.DataFrame]]) -> None:
        """The serving file with the tables of these layers."""
        with self.serving() as file, duckdb.connect(str(file), config={"preserve_insertion_order": False}) as base:
            for layer, tables in layers.items():
                base.execute(f"create schema {layer}")
                for name, rows in tables.items():
                    base.register("incoming", rows.to_arrow())
                    base.execute(f"create table {layer}.{name} as from incoming")


def _said(texts: pl.DataFrame) -> Said:
    return texts["row"].to_numpy(), texts["text"].to_list()


def _counted(out: Path, judged: Judged, table: str) -> Iterator[Hop]:
    """Of each delivery how many accepted rows the table knows the key of, and how many name none."""
    known = scan(out / "base" / table)
    assert known is not None, table
    key = list(frozen_tables()[f"base.{table}"].key)
    rows = judged.accepted.lazy().rename({"_department": "department"}, strict=False)
    if table == "supervised_object" and "uscc" not in judged.accepted.columns:
        rows = rows.with_columns(object_id=object_of_act())
    elif table == "supervised_object":
        rows = rows.rename({"uscc": "object_id"})
    is_named = pl.all_horizontal(pl.col(key).is_not_null())
    counts = (
        rows.select("_delivery", *key, is_named=is_named)
        .join(known.select(*key, is_known=True), on=key, how="left")
        .group_by("_delivery")
        .agg(rows_in=pl.len(), rows_out=pl.col("is_known").sum(), rows_aside=(~pl.col("is_named")).sum())
        .collect()
    )
    for delivery, *counted in counts.iter_rows():
        yield Hop(delivery, judged.contract.name, f"base.{table}", *counted)
