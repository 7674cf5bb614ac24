"""The rows that a run accepted flow in and are merged into the base tables, whose rows flow out for themes and gold."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from bench.peers.files import CORES
from bench.peers.polars_deltalake.acts import merge_acts
from bench.peers.polars_deltalake.conform import Judged
from bench.peers.polars_deltalake.objects import merge_objects
from bench.peers.polars_deltalake.registers import merge_register

ACTS = ("complaint", "check_action", "punish_action")
REGISTERS = {"enforcement_officer": "officer", "supervision_item": "supervision_item"}


def merge(out: Path, judged: Mapping[str, Judged]) -> dict[str, pl.LazyFrame]:
    """Brings every base table up to date; returns the rows of each that nobody has taken back."""
    with ThreadPoolExecutor(CORES) as pool:
        merging = {"supervised_object": pool.submit(merge_objects, out / "supervised_object", judged)}
        merging |= {name: pool.submit(merge_acts, out / name, judged.get(name)) for name in ACTS}
        registers = REGISTERS.items()
        merging |= {name: pool.submit(merge_register, out / name, judged.get(feed)) for name, feed in registers}
    merged = {name: rows.result() for name, rows in merging.items()}
    standing = pl.col("withdrawn_at").is_null()
    return {name: rows.filter(standing) for name, rows in merged.items() if rows is not None}
