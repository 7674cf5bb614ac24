"""The stages of a run in the data's order; each looks for itself whether there is anything to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING

from schemas.contract import feeds
from spark_jobs.judging.decide import put_back, to_replay
from spark_jobs.lake.home import Home, today
from spark_jobs.lake.ledger import Delivery, pending
from spark_jobs.lake.tables import create_tables
from spark_jobs.landing import land as landing

if TYPE_CHECKING:
    from spark_jobs.building.base import BaseBuild


@dataclass
class StageReport:
    """What a stage did: whether any table changed, its figures, what a person must see to, its wall time in seconds."""

    name: str
    changed: bool = False
    warnings: list[str] = field(default_factory=list)
    figures: dict[str, int | float | str] = field(default_factory=dict)
    seconds: float = 0.0


# The tables of layer ops that every judged delivery adds to.
LEDGER = ("delivery", "reconciliation", "expectation", "profile")
# Files that take so long to read and judge, and so much memory, that engine and Great Expectations (half a GiB) start
# after it.
LARGE = 512 << 20
Stage = Callable[[Home], StageReport]
_preparations: dict[Home, Future[None]] = {}


def _stage(work: Callable[[Home, StageReport], None]) -> Stage:
    """Runs the work under the lake lock and times it."""

    @wraps(work)
    def run(home: Home) -> StageReport:
        report = StageReport(work.__name__)
        started = time.perf_counter()
        home.create()
        with home.lock():
            create_tables(home)
            work(home, report)
        report.seconds = time.perf_counter() - started
        return report

    return run


def _landing(meanwhile: Callable[[Home, int], None] | None = None) -> Stage:
    """Landing files → bronze and archive; what is turned away gets its receipt."""

    def land(home: Home, report: StageReport) -> None:
        _report_landing(report, landing.land(home, meanwhile))

    return _stage(land)


def _get_ready(home: Home, volume: int) -> None:
    """Starts Great Expectations, engine and dbt, which takes seconds, while other processes read and judge files."""
    if volume >= LARGE:
        return
    from spark_jobs.judging.validation import warm_up

    warm_up(home)
    pool = ThreadPoolExecutor(1)
    _preparations[home] = pool.submit(_start_engine, home, volume)
    pool.submit(_parse, home)  # which only base waits for


def _start_engine(home: Home, volume: int) -> None:
    """The engine, with code lists up to date, for files of so many bytes."""
    from spark_jobs.engine.session import connect
    from spark_jobs.lake.codes import write_codes

    write_codes(home)
    connect(home, volume, ())


def _parse(home: Home) -> None:
    from spark_jobs.building.dbt import project

    project(home)


land = _landing()


def _report_landing(report: StageReport, result: landing.Landing) -> None:
    report.changed = bool(result.accepted)
    report.figures = {
        "deliveries": len(result.accepted),
        "rows": result.rows,
        **{state: result.count(state) for state in ("refused", "duplicate", "unpacked", "nil")},
    }


def replay(feed: str | None = None, department: str | None = None) -> Stage:
    """Held, refused and partly quarantined deliveries → judged again by the contracts as they are now."""

    def replay(home: Home, report: StageReport) -> None:
        chosen = to_replay(home, feed, department)
        refused = put_back(home, chosen)
        result = landing.land_again(home, refused)
        _report_landing(report, result)
        report.changed = bool(chosen)
        report.figures = {"replayed": len(chosen), "landed": len(result.accepted), "refused": result.count("refused")}

    return _stage(replay)


@_stage
def conform(home: Home, report: StageReport) -> None:
    """Bronze → silver and quarantine, then verdicts, receipts and the ledger."""
    waiting = pending(home)
    if not waiting:
        return
    from spark_jobs.judging.settle import settle
    from spark_jobs.judging.validation import begin
    from spark_jobs.lake.upkeep import keep_up

    settled = settle(home, waiting)
    begin(home)
    keep_up(home, "bronze", "silver", "quarantine", "ops", written={*waiting, *LEDGER})
    report.changed = True
    report.figures = {
        "deliveries": len(settled),
        "held": sum(delivery.state == "held" for delivery in settled),
        "accepted": sum(delivery.rows_accepted for delivery in settled),
        "quarantined": sum(delivery.rows_quarantined for delivery in settled),
        "beyond_limit": sum(_is_beyond_limit(delivery) for delivery in settled),
    }


def _is_beyond_limit(delivery: Delivery) -> bool:
    """Whether more rows were quarantined than the contract allows."""
    limit = feeds()[delivery.feed].expect.quarantined_share.max
    return limit is not None and delivery.rows_quarantined > limit * delivery.rows


@_stage
def base(home: Home, report: StageReport) -> None:
    """Accepted deliveries → the base databases, merged."""
    from spark_jobs.building.base import build_base

    if home in _preparations:
        # An error while starting is ignored here: what needs the engine starts it again, and raises it.
        wait([_preparations.pop(home)])
    _report_base(report, build_base(home))


def _report_base(report: StageReport, build: BaseBuild) -> None:
    report.figures = {**build.figures, **({"parked": len(build.parked)} if build.parked else {})}
    report.changed = bool(build.figures)
    report.warnings = build.parked


@_stage
def themes(home: Home, report: StageReport) -> None:
    """Base → the thematic databases."""
    from spark_jobs.building.views import build_themes

    report.changed = build_themes(home)


@_stage
def gold(home: Home, report: StageReport) -> None:
    """Base and themes → risk scores and monthly figures as of today."""
    from spark_jobs.building.views import build_gold

    report.changed = build_gold(home, today())


@_stage
def validate(home: Home, report: StageReport) -> None:
    """What Great Expectations says of the deliveries that were settled since; another verdict stops the run."""
    from spark_jobs.judging.validation import validate

    verdicts = validate(home)
    report.changed = bool(verdicts)
    report.figures = {"verdicts": verdicts} if verdicts else {}


@_stage
def publish(home: Home, report: StageReport) -> None:
    """Gold → the serving file that dashboards read, once no verdict waits to be validated."""
    from spark_jobs.judging.validation import validate
    from spark_jobs.serving.publish import publish_serving

    validate(home)
    report.figures = publish_serving(home)
    report.changed = bool(report.figures)


@_stage
def rebuild(home: Home, report: StageReport) -> None:
    """All accepted deliveries → base, themes and gold, as if nothing had been built before."""
    from spark_jobs.building.base import build_base
    from spark_jobs.building.views import build_gold, build_themes

    _report_base(report, build_base(home, full=True))
    report.changed |= build_themes(home, full=True) | build_gold(home, today(), full=True)


# In one process; as tasks of their own (dags/) each starts what it needs itself.
STAGES: tuple[Stage, ...] = (_landing(_get_ready), conform, base, themes, gold, validate, publish)
