"""What a pass made flows in; what the form with Lakewarden's promises keeps beside it flows out, counted by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.frozen import frozen_tables
from bench.peers.duckdb_deltalake import delta
from bench.peers.duckdb_deltalake.conform import Conformed, Feed
from bench.peers.files import CORES, Delivered
from bench.peers.promises import Hop, JudgedFeed, Promises, Said
from schemas.contract import feeds

SERVED = {
    "themes": ("market_firm_profile", "market_activity_month"),
    "gold": ("risk_score", "risk_reason", "complaint_clock", "region_department_month"),
}


class DuckDBPromises(Promises):
    """What is kept of one pass over the files that have landed."""

    def __init__(self, out: Path, moment: datetime, con: duckdb.DuckDBPyConnection) -> None:
        super().__init__(out, moment, lambda path, rows: delta.write(con, rows, path))
        self.con = con

    def keep(self, landed: Sequence[Delivered], files: pa.Table, feed: Feed, rows: pa.Table) -> None:
        """Bronze, receipts and counts of a feed, whose rows as judged are given."""
        own = [place for place, one in enumerate(landed) if one.contract.name == feed.contract.name]
        if not own:
            return
        place = np.searchsorted(own, rows["_file"].to_numpy())
        is_bad = _has(rows["_reasons"])
        self.judged(
            JudgedFeed(
                [landed[number] for number in own],
                files["_received_at"].take(own).to_pylist(),
                feed.raw,
                place,
                np.bincount(place[~is_bad], minlength=len(own)).tolist(),
                np.bincount(place[is_bad], minlength=len(own)).tolist(),
                _said(rows["_reasons"], is_bad),
                _said(rows["_flags"], _has(rows["_flags"]) & ~is_bad),
            )
        )

    def reconcile_base(self, new: Conformed) -> None:
        """Stops if a base table does not know the key of an accepted row."""
        flows = [(feed, table) for feed, rows in new.accepted.items() if len(rows) for table in feeds()[feed].into]
        with ThreadPoolExecutor(CORES) as pool:
            counted = pool.map(lambda flow: list(self._counted(new.accepted[flow[0]], *flow)), flows)
            self.reconcile([hop for some in counted for hop in some])

    def _counted(self, accepted: pa.Table, feed: str, table: str) -> Iterator[Hop]:
        """Of each delivery how many accepted rows the table knows the key of, and how many name none."""
        own = self.con.cursor()
        own.register("said", accepted)
        key = frozen_tables()[f"base.{table}"].key
        stated = ", ".join(f"{_stated(name, accepted)} as {name}" for name in key)
        nothing = " or ".join(f"said.{name} is null" for name in key)
        counts = own.execute(f"""
            select _delivery, count(*), count(is_known), count(*) filter ({nothing})
            from (select _delivery, {stated} from said) as said
            left join (
                select {", ".join(key)}, true as is_known from read_parquet({delta.files(self.out / "base" / table)})
            ) using ({", ".join(key)})
            group by _delivery""")
        for delivery, *rows in counts.fetchall():
            yield Hop(delivery, feed, f"base.{table}", *rows)

    def publish(self) -> None:
        """The serving file with themes and gold, two tables at a time."""
        with self.serving() as file:
            self.con.execute(f"attach '{file}' as serving")
            for layer in SERVED:
                self.con.execute(f"create schema serving.{layer}")
            with ThreadPoolExecutor(CORES) as pool:
                list(pool.map(self._serve, *zip(*_served(), strict=True)))
            self.con.execute("detach serving")

    def _serve(self, layer: str, table: str) -> None:
        self.con.cursor().execute(f"create table serving.{layer}.{table} as from {table}")


def _served() -> Iterator[tuple[str, str]]:
    yield from ((layer, table) for layer, tables in SERVED.items() for table in tables)


def _stated(key: str, accepted: pa.Table) -> str:
    """What a row says of a key of base."""
    if key == "department":
        return "_department"
    if key != "object_id":
        return key
    is_registered = "uscc" in accepted.column_names
    return "uscc" if is_registered else "case when administrative_cp_document = '001' then administrative_cp_code end"


def _has(texts: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.greater(pc.list_value_length(texts), 0))


def _said(texts: pa.ChunkedArray, mask: np.ndarray) -> Said:
    rows = np.flatnonzero(mask)
    return rows, texts.take(pa.array(rows)).to_pylist()
