"""Files as they were read flow in; one Parquet file of text a feed flows out, and what must be known of each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers.files import FAULT, LINE, RAW, Delivered

ROWS_A_GROUP = 50_000


@dataclass(frozen=True)
class Taken:
    """A delivery without its rows, which are large."""

    sha256: str
    department: str
    feed: str
    file_name: str
    received_at: datetime
    rows: int

    @classmethod
    def of(cls, one: Delivered, moment: datetime) -> Taken:
        """What remains of a file that was read."""
        feed, rows = one.contract.name, one.rows.num_rows
        return cls(one.sha256, one.department, feed, one.path.name, received_at(one, moment), rows)

    def ledger_row(self, accepted: int) -> dict[str, object]:
        """Its row of ops/delivery."""
        return {
            "_delivery": self.sha256,
            "department": self.department,
            "feed": self.feed,
            "file_name": self.file_name,
            "received_at": self.received_at,
            "rows_delivered": self.rows,
            "rows_accepted": accepted,
            "rows_quarantined": self.rows - accepted,
        }


def received_at(one: Delivered, moment: datetime) -> datetime:
    """Files are received in their order."""
    return moment + timedelta(microseconds=one.place)


def write_texts(path: Path, files: list[Delivered], moment: datetime) -> list[str]:
    """Writes a feed's rows, small files together in a row group; returns the contract columns that any file has."""
    columns = sorted({name for one in files for name in one.rows.column_names} - {LINE, RAW, FAULT})
    waiting: list[pa.Table] = []
    writer = None
    while files:
        waiting.append(as_text(files.pop(), columns, moment))
        if not files or sum(table.num_rows for table in waiting) >= ROWS_A_GROUP:
            rows = pa.concat_tables(waiting).unify_dictionaries()
            writer = writer or pq.ParquetWriter(path, rows.schema, compression="lz4")
            writer.write_table(rows, row_group_size=ROWS_A_GROUP)
            waiting = []
    assert writer
    writer.close()
    return columns


def as_text(one: Delivered, columns: Sequence[str], moment: datetime) -> pa.Table:
    """A file's rows with all columns that its feed has today, and where they come from."""
    count, amounts = one.rows.num_rows, [c.name for c in one.contract.columns if c.parse == "amount"]
    cells = {
        name: one.rows.column(name) if name in one.rows.column_names else pa.nulls(count, pa.string())
        for name in columns
    }
    scales = {f"{name}__scale": pa.repeat(pa.scalar(one.scales.get(name, 1), pa.int32()), count) for name in amounts}
    received = pa.scalar(received_at(one, moment), pa.timestamp("us", tz="UTC"))
    system = {
        "_delivery": _constant(one.sha256, count),
        "_department": _constant(one.department, count),
        "_received_at": pa.repeat(received, count),
        **{name: one.rows.column(name) for name in (LINE, RAW, FAULT)},
    }
    return pa.table({**cells, **scales, **system})


def _constant(text: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), [text])
