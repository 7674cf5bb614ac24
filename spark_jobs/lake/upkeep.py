"""Delta tables of many small files and old commits flow in; the same rows in few files flow out.

Every delivery adds a file or two to each table it reaches, and to open a file costs as much as to read thousands of
rows: without upkeep, a day costs more the more days have gone before. Compaction is one commit a table, so a killed
one has not been; it runs where a layer has just been written, for the layers after it are built when versions change.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import landed, settled
from spark_jobs.lake.tables import ZSTD, tables

# So many files below a size are made one (ours): no row is written again more often than once a size.
FEWEST = 24
SIZES = (1 << 20, 32 << 20, 512 << 20)
# Files that only older versions hold (ours: somebody may still read last week's), looked for so often. The commits
# before a checkpoint of a month ago go with them, as delta-rs has it unless a table says otherwise.
KEPT = timedelta(days=7)


def keep_up(home: Home, *layers: str, written: Collection[str] | None = None) -> None:
    """Compacts the tables of these layers where small files have gathered, and once a week clears up what is old.

    `written`: the tables that have changed, where not all need be looked at.

    Bronze waits until all its deliveries are judged: the names of its files say which are not (ADR 1).
    """
    judged = settled(home) if "bronze" in layers else set[str]()
    due = [layer for layer in layers if _is_due(home, layer)]
    for layer, name in tables(home):
        if written is not None and name not in written and layer not in due:
            continue
        if layer in layers and not (layer == "bronze" and landed(home, name) - judged):
            table = DeltaTable(home.table(layer, name))
            _compact(table)
            if layer in due:
                _clear_up(table)
    for layer in due:
        _cleared(home, layer).touch()


def _compact(table: DeltaTable) -> None:
    """Files of one day are made one where rows lie by days: files of several never are."""
    files = pa.table(table.get_add_actions(flatten=True))
    days = [name for name in files.column_names if name.startswith("partition.")]
    places = files.select(days).to_pylist() if days else [{}] * len(files)
    for smallest, size in pairwise((0, *SIZES)):
        small = [smallest <= file < size for file in files["size_bytes"].to_pylist()]
        gathered = Counter(str(place) for place, is_small in zip(places, small, strict=True) if is_small)
        if gathered and gathered.most_common(1)[0][1] >= FEWEST:
            table.optimize.compact(target_size=size, writer_properties=ZSTD)


def _cleared(home: Home, layer: str) -> Path:
    """The file whose time says when a layer was last cleared up; a lost one begins a new week."""
    return home.state / f"cleared_{layer}"


def _is_due(home: Home, layer: str) -> bool:
    stamp = _cleared(home, layer)
    if not stamp.exists():
        stamp.touch()
    return time.time() - stamp.stat().st_mtime > KEPT.total_seconds()


def _clear_up(table: DeltaTable) -> None:
    """Removes files, those of killed writers too, and commits; the checkpoint is what a month later makes others go."""
    table.vacuum(int(KEPT.total_seconds() // 3600), dry_run=False, full=True)
    table.create_checkpoint()
    table.cleanup_metadata()
