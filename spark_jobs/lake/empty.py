"""Schemas flow in; tables without rows flow out, each by its path.

delta-rs takes 5 ms for one, and a home begins with over 500. The first commit that it wrote for a schema is kept for
the homes to come (kept.py); a table made of it has an identity and a moment of its own.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from spark_jobs.lake.kept import Kept
from spark_jobs.lake.whole import write_whole

# Beyond 32 columns nothing would say which deliveries a file holds.
PROPERTIES = {"delta.checkpointInterval": "50", "delta.dataSkippingNumIndexedCols": "-1"}
# What a table is: its columns, and the column by whose days its rows lie, if they do.
Layout = tuple[pa.Schema, list[str] | None]

_commits: dict[str, str] = {}


def create_empty(tables: Mapping[Path, Layout]) -> None:
    """Creates tables where there are none."""
    digests = {path: _digest(layout) for path, layout in tables.items()}
    if not {*digests.values()} <= _commits.keys():
        _learn({digest: (path, tables[path]) for path, digest in digests.items()})
    for path, digest in digests.items():
        if not first_commit(path).exists():
            _write(path, _commits[digest])


def _learn(wanted: Mapping[str, tuple[Path, Layout]]) -> None:
    """Knows the first commit of every layout, by its digest: what is kept of them, and what delta-rs makes now."""
    kept = Kept("tables.json")
    known: dict[str, str] = json.loads(kept.read() or "{}")
    unknown = wanted.keys() - known.keys() - _commits.keys()
    for digest in unknown:
        path, layout = wanted[digest]
        create_table(path, *layout)
        known[digest] = first_commit(path).read_text()
    _commits.update(known)
    if unknown:
        kept.keep(json.dumps(known).encode())


def create_table(path: Path, schema: pa.Schema, days: list[str] | None = None) -> None:
    """Creates an empty table, if there is none; its rows lie by the days of a column, if one is named."""
    path.mkdir(parents=True, exist_ok=True)
    DeltaTable.create(path, schema, mode="ignore", configuration=PROPERTIES, partition_by=days)


def _digest(layout: Layout) -> str:
    schema, days = layout
    told = schema.serialize().to_pybytes() + json.dumps([days, PROPERTIES]).encode()
    return hashlib.sha256(told).hexdigest()


def first_commit(path: Path) -> Path:
    """The file that made a table."""
    return path / "_delta_log" / f"{0:020}.json"


def _write(path: Path, commit: str) -> None:
    now = int(time.time() * 1000)
    actions = [json.loads(line) for line in commit.splitlines()]
    for action in actions:
        if "metaData" in action:
            action["metaData"] |= {"id": str(uuid.uuid4()), "createdTime": now}
        if "commitInfo" in action:
            action["commitInfo"]["timestamp"] = now
    first = first_commit(path)
    first.parent.mkdir(parents=True, exist_ok=True)
    write_whole(first, "".join(f"{json.dumps(action, ensure_ascii=False)}\n" for action in actions))
