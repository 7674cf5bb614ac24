"""A home flows in; one part of a run happens in this process, and what it took flows out as the last line of stdout.

python -m bench.stage_jobs JOB HOME [WORD …]
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_jobs.lake.home import Home

if TYPE_CHECKING:
    from spark_jobs.stage_report import StageReport

Figures = dict[str, Any]
Span = tuple[float, float]


def run(home: Home, *names: str) -> Figures:
    """One stage alone, or several as one command runs them: there, landing lets engine and gate start."""
    from spark_jobs import pipeline

    together = [stage for stage in pipeline.STAGES if stage.__name__ in names]
    return _told([stage(home) for stage in (together if len(names) > 1 else [getattr(pipeline, *names)])])


def to_silver(home: Home) -> Figures:
    """Landing and judging in one process that starts nothing which only base needs."""
    from spark_jobs import pipeline

    return _told([pipeline.land(home), pipeline.conform(home)])


def _told(reports: Sequence[StageReport]) -> Figures:
    return {"stages": {report.name: report.seconds for report in reports}} | {
        key: value for report in reports for key, value in report.figures.items()
    }


def stages(home: Home, *names: str) -> Figures:
    """Stages of the pipeline, and how much of dbt's time its statements took."""
    with dbt_watched() as dbt:
        done = run(home, *names)
    return done | ({"dbt": dbt()} if set(names) & {"base", "themes", "gold"} else {})


@contextmanager
def dbt_watched() -> Iterator[Callable[[], Figures]]:
    """Notes when dbt was at work and when one of its statements was; two at once count once.

    What is imported only when dbt is called counts as its work; what was imported while files were landing does not.
    """
    from spark_jobs.building import dbt as transform

    whole: list[Span] = []
    statements: list[Span] = []
    invoke = transform._invoke

    def watched(*words: Any, **named: Any) -> Any:
        from dbt.adapters.spark.session import Cursor

        execute, fetchall = Cursor.execute, Cursor.fetchall
        Cursor.execute, Cursor.fetchall = _noted(execute, statements), _noted(fetchall, statements)
        try:
            return invoke(*words, **named)
        finally:
            Cursor.execute, Cursor.fetchall = execute, fetchall

    transform._invoke = _noted(watched, whole)
    try:
        yield lambda: {"wall": _length(whole), "sql": _length(statements), "statements": len(statements)}
    finally:
        transform._invoke = invoke


def _noted(work: Callable[..., Any], spans: list[Span]) -> Callable[..., Any]:
    lock = threading.Lock()

    @wraps(work)
    def timed(*words: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*words, **named)
        finally:
            with lock:
                spans.append((started, time.perf_counter()))

    return timed


def _length(spans: list[Span]) -> float:
    """The time that is covered by at least one span."""
    covered, until = 0.0, 0.0
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, until))
        until = max(until, end)
    return covered


def engine(home: Home) -> Figures:
    """The engine up, its first answer given."""
    from spark_jobs.engine.session import connect

    started = time.perf_counter()
    connect(home).sql("select 1").collect()
    return {"stages": {"engine": time.perf_counter() - started}}


def models(home: Home, as_of: str, *names: str) -> Figures:
    """Some of dbt's models built anew, whole, in one process."""
    from spark_jobs.building.dbt import run_dbt
    from spark_jobs.engine.session import connect
    from spark_jobs.lake.ledger import read_ledger

    accepted = [one.delivery for one in read_ledger(home) if one.state == "accepted"]
    variables = {"deliveries": accepted, "since": "2000-01-01 00:00:00", "as_of": as_of}
    started = time.perf_counter()
    connect(home)
    up = time.perf_counter()
    built = run_dbt(home, list(names), variables, full=True)
    return {"stages": {"engine": up - started, "dbt": time.perf_counter() - up}, "nodes": len(built)}


# --- the validation tax, over a home that has landed the rows of the bench contract

FEED = "scjg_bench"


def typed(home: Home) -> Figures:
    """Every cell read by its type and written; nothing else is asked of it."""
    from schemas.contract import Column, feeds
    from spark_jobs.judging import conform, workers
    from spark_jobs.lake.ledger import pending

    started = time.perf_counter()
    contract = feeds()[FEED]
    kept = ("name", "type", "headings", "codes", "parse", "separator")
    bare = [Column.model_construct(**{key: getattr(column, key) for key in kept}) for column in contract.columns]
    contract = contract.model_copy(update={"columns": tuple(bare)})
    units = conform.divide(home, contract, pending(home)[FEED])
    workers.judge_units([*units], home.logs, here=False)
    return {"stages": {"work": time.perf_counter() - started}}


def judged(home: Home) -> Figures:
    """Every rule of the contract, silver and quarantine; without gate, receipts and ledger."""
    from spark_jobs.judging.conform import conform
    from spark_jobs.lake.ledger import pending

    started = time.perf_counter()
    conform(home, pending(home))
    return {"stages": {"work": time.perf_counter() - started}}


def gx(home: Home) -> Figures:
    """The same rules as far as Great Expectations has them, a verdict for every row, silver and quarantine."""
    from bench import gx_only

    return gx_only.run(home, FEED)


JOBS = {job.__name__: job for job in (stages, engine, models, typed, judged, gx)}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](Home(Path(sys.argv[2])), *sys.argv[3:]), default=str))
