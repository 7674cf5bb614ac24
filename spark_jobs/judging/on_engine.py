"""Units of work flow in; what each came to flows out, worked out by the executors of a Spark cluster.

`LAKEWARDEN_JUDGING=engine` chooses it. The executors read bronze and write the same files as our own processes do, so
they need this package and the home folder under the same path (docs/engines.md); the commits are made here.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence

import pyarrow as pa

from spark_jobs.engine.session import connect
from spark_jobs.judging.units import Outcome, Unit, judge_unit
from spark_jobs.lake.home import Home

ANSWERED = pa.schema([pa.field("place", pa.int32()), pa.field("outcome", pa.binary())])


def judge_on_engine(home: Home, units: Sequence[Unit]) -> list[Outcome]:
    """What each unit came to, in their order; a task each."""
    asked = [(place, pickle.dumps(unit)) for place, unit in enumerate(units)]
    frame = connect(home, needs=()).createDataFrame(asked, "place int, unit binary").repartition(len(units), "place")
    answers = frame.mapInArrow(_judge, "place int, outcome binary").collect()
    outcomes = {row["place"]: pickle.loads(row["outcome"]) for row in answers}  # noqa: S301 - our own executors' answer
    return [outcomes[place] for place in range(len(units))]


def _judge(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for row in batch.to_pylist():
            outcome = judge_unit(pickle.loads(row["unit"]))  # noqa: S301 - our own driver's question
            answer = [{"place": row["place"], "outcome": pickle.dumps(outcome)}]
            yield pa.RecordBatch.from_pylist(answer, schema=ANSWERED)
