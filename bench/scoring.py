"""A home of few objects flows in; how long all models take to score a million like them flows out.

`python -m bench.scoring HOME [--objects 1000000]`: what scoring reads is written many times over, with other numbers of
objects, into a home of its own beside it, and scored there as `lakewarden run` does. The first home is only read.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake

from bench.measure import say
from schemas.contract.views import OBJECT_KEY
from spark_jobs.building.lineage import Lineage
from spark_jobs.building.score import score
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read

BASIS = "themes.market_profile"
SCORE = "risk_score"


def _copies(rows: pa.Table, times: int) -> Iterator[pa.RecordBatch]:
    """The rows so often, each time about other objects."""
    key = rows.column(OBJECT_KEY)
    place = rows.schema.get_field_index(OBJECT_KEY)
    for number in range(times):
        other = pc.binary_join_element_wise(key, f"-{number}", "")
        yield from rows.set_column(place, rows.schema.field(place), other).to_batches()


def multiply(home: Home, into: Home, tables: set[str], times: int) -> dict[str, int]:
    """Writes the tables many times over; returns their numbers of rows. One without objects is written once."""
    written = {}
    for name in sorted(tables):
        layer, table = name.split(".")
        rows = read(home.table(layer, table))
        count = times if OBJECT_KEY in rows.column_names else 1
        batches = _copies(rows, count) if count > 1 else iter(rows.to_batches())
        reader = pa.RecordBatchReader.from_batches(rows.schema, batches)
        into.table(layer, table).mkdir(parents=True)
        write_deltalake(into.table(layer, table), reader, target_file_size=64 << 20)
        written[name] = rows.num_rows * count
    return written


def main() -> None:
    """Prints rows read, scores and seconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 6, 30))
    chosen = parser.parse_args()
    home = Home(chosen.home)
    with tempfile.TemporaryDirectory(prefix="lakewarden-scoring-") as folder:
        larger = Home(Path(folder))
        larger.create()
        inputs = Lineage(home, "gold", chosen.as_of).inputs({SCORE})
        objects = read(home.table(*BASIS.split(".")), [OBJECT_KEY]).num_rows
        rows = multiply(home, larger, inputs | {"ops.delivery"}, -(-chosen.objects // objects))
        say(f"{sum(rows.values()):,} rows to read")
        spark = connect(larger)
        begun, computed = time.perf_counter(), time.process_time()
        scores = score(larger, spark, chosen.as_of)
        seconds = time.perf_counter() - begun
        print(
            json.dumps(
                {
                    "rows": rows,
                    "scores": scores,
                    "seconds": round(seconds, 1),
                    "processor_seconds": round(time.process_time() - computed, 1),
                }
            )
        )


if __name__ == "__main__":
    main()
