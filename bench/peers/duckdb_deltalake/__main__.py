"""A landing folder flows in; silver, quarantine, base, themes and gold flow out, as `lakewarden run` makes them."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from bench.peers.duckdb_deltalake import delta, gold
from bench.peers.duckdb_deltalake.base import merge_base
from bench.peers.duckdb_deltalake.conform import conform
from bench.peers.files import Delivered, new_files
from bench.peers.reference import reference_tables
from schemas.contract import Contract, feeds

if TYPE_CHECKING:
    from bench.peers.duckdb_deltalake.promises import DuckDBPromises

# A statement's order is the number of its delivery and its line.
LINES = 30
COUNTED = """
    select _delivery, _department as department, _feed as feed, _file_name as file_name, _received_at as received_at,
        accepted + quarantined as rows_delivered, accepted as rows_accepted, quarantined as rows_quarantined
    from counted"""
stages: dict[str, float] = {}


def main() -> None:
    """One run over what is new."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--landing", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--moment", type=datetime.fromisoformat, default=datetime.now(UTC))
    parser.add_argument("--promises", action="store_true", help="keep what Lakewarden promises beside its tables")
    asked = parser.parse_args()
    # A query runs on the thread that asks for it: two at a time, without handing small pieces of work about.
    con = duckdb.connect(config={"threads": 1})
    promises = _promises(con, asked.out, asked.moment) if asked.promises else None
    with _timed("land"):
        known = _known(con, asked.out / "ops" / "delivery")
        landed = new_files(asked.landing, known)
        if promises:
            promises.archive(landed)
    if not landed:
        print(json.dumps({"stages": stages, "rows": 0, "accepted": 0, "quarantined": 0}))
        return
    with _timed("conform"):
        codes = reference_tables(date.fromisoformat(asked.as_of))
        files = _file_table(landed, len(known), asked.moment)
        keep = partial(promises.keep, landed, files) if promises else None
        new = conform(con, asked.out, landed, files, codes["spelling"], keep)
        if promises:
            promises.reconcile()
        con.register("counted", new.files)
        delta.write(con, COUNTED, asked.out / "ops" / "delivery")
    with _timed("base"):
        merge_base(con, asked.out / "base", new, codes)
        if promises:
            promises.reconcile_base(new)
    for name, table in codes.items():
        con.register("codes", table)
        con.execute(f"create table {name} as from codes")
    with _timed("themes"):
        gold.build_themes(con, asked.out)
    with _timed("gold"):
        gold.build_gold(con, asked.out, asked.as_of)
    if promises:
        with _timed("publish"):
            promises.publish()
    accepted, quarantined = (pc.sum(new.files[name]).as_py() for name in ("accepted", "quarantined"))
    told = {"rows": accepted + quarantined, "accepted": accepted, "quarantined": quarantined}
    print(json.dumps({"stages": stages, **told}))


def _promises(con: duckdb.DuckDBPyConnection, out: Path, moment: datetime) -> DuckDBPromises:
    from bench.peers.duckdb_deltalake.promises import DuckDBPromises

    return DuckDBPromises(out, moment, con)


@contextmanager
def _timed(stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    stages[stage] = round(time.perf_counter() - started, 3)


def _known(con: duckdb.DuckDBPyConnection, ledger: Path) -> set[str]:
    files = delta.files(ledger)
    return (
        {name for (name,) in con.execute(f"select _delivery from read_parquet({files})").fetchall()} if files else set()
    )


def _file_table(landed: list[Delivered], before: int, moment: datetime) -> pa.Table:
    """The new files, by their place among them; `before` have been received earlier."""
    scaled = {name for contract in feeds().values() for name in _amounts(contract)}
    received = [moment + timedelta(microseconds=one.place) for one in landed]
    return pa.table(
        {
            "_file": pa.array(range(len(landed)), pa.int32()),
            "_first": pa.array([number << LINES for number in range(before, before + len(landed))], pa.int64()),
            "_feed": [one.contract.name for one in landed],
            "_file_name": [one.path.name for one in landed],
            "_delivery": [one.sha256 for one in landed],
            "_department": [one.department for one in landed],
            "_received_at": pa.array(received, pa.timestamp("us", tz="UTC")),
            "_day": pa.array([(at + timedelta(hours=8)).date() for at in received]),
            **{f"{name}_scale": pa.array([one.scales.get(name, 1) for one in landed]) for name in scaled},
        }
    )


def _amounts(contract: Contract) -> list[str]:
    return [column.name for column in contract.columns if column.parse == "amount"]


if __name__ == "__main__":
    main()
