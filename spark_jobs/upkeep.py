"""Delta tables of many small files and old commits flow in; the same rows in few files flow out.

Every delivery adds a file or two to each table it reaches, and to open a file costs as much as to read thousands of
rows: without upkeep, a day costs more the more days have gone before. Compaction is one commit a table, so a killed
one has not been; it runs where a layer has just been written, for the layers after it are built when versions change.
"""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from spark_jobs.home import Home
from spark_jobs.lake import ZSTD, tables
from spark_jobs.ledger import landed, settled

# So many files below a size are made one (ours): no row is written again more often than once a size.
FEWEST = 24
SIZES = (1 << 20, 32 << 20, 512 << 20)
# Old versions and what only they hold (ours): somebody may still read yesterday's, `lakewarden show` tells a month's.
KEEP_FILES, KEEP_COMMITS = timedelta(days=7), timedelta(days=30)
# Nothing is cleared up more often than this.
CLEARED_EVERY = timedelta(days=7)


def keep_up(home: Home, *layers: str) -> None:
    """Compacts the tables of these layers where small files have gathered, and clears up what is old.

    Bronze waits until all its deliveries are judged: the names of its files say which are not (ADR 1).
    """
    judged = settled(home) if "bronze" in layers else set[str]()
    for layer, name in tables(home):
        if layer in layers and not (layer == "bronze" and landed(home, name) - judged):
            path = home.table(layer, name)
            _compact(DeltaTable(path))
            if _has_old_commits(path):
                _clear_up(DeltaTable(path))


def _compact(table: DeltaTable) -> None:
    files = pa.table(table.get_add_actions(flatten=True))["size_bytes"].to_pylist()
    for smallest, size in pairwise((0, *SIZES)):
        if sum(smallest <= file < size for file in files) >= FEWEST:
            table.optimize.compact(target_size=size, writer_properties=ZSTD)


def _has_old_commits(path: Path) -> bool:
    oldest = min(commit.stat().st_mtime for commit in (path / "_delta_log").glob("*.json"))
    return time.time() - oldest > (KEEP_COMMITS + CLEARED_EVERY).total_seconds()


def _clear_up(table: DeltaTable) -> None:
    table.create_checkpoint()
    table.cleanup_metadata()
    table.vacuum(int(KEEP_FILES.total_seconds() // 3600), dry_run=False)
