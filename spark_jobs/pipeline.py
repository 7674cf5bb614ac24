"""The stages of a run in the data's order; each looks for itself whether there is anything to do."""

# What stages need is imported by them: a process that has them done by the worker must not pay for it.
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from spark_jobs.lake.home import Home, today
from spark_jobs.resident import ask
from spark_jobs.stage_report import StageReport

if TYPE_CHECKING:
    from spark_jobs.building.base import BaseBuild
    from spark_jobs.lake.ledger import Delivery
    from spark_jobs.lake.marks import Mark
    from spark_jobs.landing.land import Landing


# The tables of layer ops that every judged delivery adds to.
LEDGER = ("delivery", "reconciliation", "expectation", "profile")
# Files that take so long to read and judge, and so much memory, that engine and Great Expectations (half a GiB) start
# after it.
LARGE = 512 << 20
Stage = Callable[[Home], StageReport]
# What was chosen for a stage, by the names of its work's parameters.
Chosen = Mapping[str, str | bool | None]
_works: dict[str, Callable[..., None]] = {}
_preparations: dict[Home, Future[None]] = {}


def _stage(work: Callable[..., None]) -> Stage:
    """The work as a stage, without any choice."""
    _works[work.__name__] = work
    return _chosen(work.__name__, {})


def _chosen(name: str, chosen: Chosen) -> Stage:
    """The stage of that name with what was chosen for it: done by the home's worker if there is one, else here."""

    def run(home: Home) -> StageReport:
        return ask(home, name, chosen) or do(home, name, chosen)

    run.__name__, run.__doc__ = name, _works[name].__doc__
    return run


def do(home: Home, name: str, chosen: Chosen) -> StageReport:
    """Does a stage in this process, under the lake lock, and times it."""
    from spark_jobs.lake.tables import create_tables

    report = StageReport(name)
    started = time.perf_counter()
    home.create()
    with home.lock():
        create_tables(home)
        _works[name](home, report, **chosen)
    report.seconds = time.perf_counter() - started
    return report


@_stage
def land(home: Home, report: StageReport, gets_ready: bool = False) -> None:
    """Landing files → bronze and archive; what is turned away gets its receipt."""
    from spark_jobs.landing.land import land

    _report_landing(report, land(home, _get_ready if gets_ready else None))


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


def _report_landing(report: StageReport, result: Landing) -> None:
    from spark_jobs.lake.remembered import said
    from spark_jobs.receipts.told import troubled

    report.changed = bool(result.accepted)
    report.told = troubled(result.turned_away)
    report.figures = {
        "deliveries": len(result.accepted),
        "rows": result.rows,
        **{state: result.count(state) for state in ("refused", "duplicate", "unpacked", "nil")},
        **({"parked": len(result.missing)} if result.missing else {}),
    }
    report.warnings = said(result.missing)


def _replay(home: Home, report: StageReport, feed: str | None, department: str | None) -> None:
    """Held, refused and partly quarantined deliveries → judged again by the contracts as they are now."""
    from spark_jobs.judging.decide import put_back, to_replay
    from spark_jobs.landing.land import land_again

    chosen = to_replay(home, feed, department)
    refused = put_back(home, chosen)
    result = land_again(home, refused)
    _report_landing(report, result)
    report.changed = bool(chosen)
    report.figures = {"replayed": len(chosen), "landed": len(result.accepted), "refused": result.count("refused")}


_works["replay"] = _replay


def replay(feed: str | None = None, department: str | None = None) -> Stage:
    """The stage that judges deliveries again, of a feed and a department or of all."""
    return _chosen("replay", {"feed": feed, "department": department})


@_stage
def conform(home: Home, report: StageReport) -> None:
    """Bronze → silver and quarantine, then verdicts, receipts, the ledger and the state of each feed."""
    from spark_jobs.lake.feed_state import keep_feed_states

    _conform(home, report)
    keep_feed_states(home)


def _conform(home: Home, report: StageReport) -> None:
    from spark_jobs.lake.ledger import pending

    report.wakes = not _read_by_base(home).is_current()
    waiting = pending(home)
    if not waiting:
        return
    from spark_jobs.judging.parking import incomplete, unwritable
    from spark_jobs.judging.settle import settle
    from spark_jobs.judging.validation import begin
    from spark_jobs.lake.upkeep import keep_up
    from spark_jobs.receipts.told import troubled

    parked = unwritable(home, waiting)
    lost = incomplete(home, {feed: some for feed, some in waiting.items() if feed not in parked})
    report.warnings = [*parked.values(), *lost.values()]
    report.figures = {"parked": len(parked) + len(lost)} if parked or lost else {}
    waiting = {
        feed: whole
        for feed, some in waiting.items()
        if feed not in parked and (whole := [one for one in some if (feed, one.department) not in lost])
    }
    if not waiting:
        return
    settled = settle(home, waiting)
    report.told = troubled(settled)
    begin(home)
    written = {*waiting, *LEDGER} - {feed for feed, _ in lost}  # a table that lacks a file is left as it is
    keep_up(home, "bronze", "silver", "quarantine", "ops", written=written)
    report.changed = True
    report.figures |= {
        "deliveries": len(settled),
        "held": sum(delivery.state == "held" for delivery in settled),
        "accepted": sum(delivery.rows_accepted for delivery in settled),
        "quarantined": sum(delivery.rows_quarantined for delivery in settled),
        "beyond_limit": sum(_is_beyond_limit(delivery) for delivery in settled),
    }


def _is_beyond_limit(delivery: Delivery) -> bool:
    """Whether more rows were quarantined than the contract allows."""
    from schemas.contract import feeds

    limit = feeds()[delivery.feed].expect.quarantined_share.max
    return limit is not None and delivery.rows_quarantined > limit * delivery.rows


@_stage
def base(home: Home, report: StageReport) -> None:
    """Accepted deliveries → the base databases, merged."""
    from spark_jobs.building.base import build_base
    from spark_jobs.building.hops import keep_flows

    if home in _preparations:
        # An error while starting is ignored here: what needs the engine starts it again, and raises it.
        wait([_preparations.pop(home)])
    read = _read_by_base(home)
    _report_base(report, build_base(home))
    _link(home, report)
    keep_flows(home)
    read.keep()


def _link(home: Home, report: StageReport) -> None:
    """Rows of base that name an object without its code → linked, where that is sure."""
    from spark_jobs.linking.link import link

    if linked := link(home):
        report.figures["linked"] = linked
        report.changed = True


def _read_by_base(home: Home) -> Mark:
    """The ledger and the declarations that base was last built from: whoever changes them, base has to look again."""
    from spark_jobs.lake.declared import declared
    from spark_jobs.lake.marks import Mark
    from spark_jobs.lake.tables import version

    ledger = str(version(home.table("ops", "delivery")))
    return Mark(home.state / "read_by_base.json", {"ledger": ledger, "declared": declared()})


def _report_base(report: StageReport, build: BaseBuild) -> None:
    report.figures = {**build.figures, **({"parked": len(build.parked)} if build.parked else {})}
    report.changed = bool(build.figures)
    report.warnings = build.parked


@_stage
def reconcile(home: Home, report: StageReport) -> None:
    """Every accepted delivery's rows → counted again in every table they belong to."""
    from spark_jobs.building.hops import losses
    from spark_jobs.building.recount import recount

    report.figures = {"deliveries": recount(home)}
    lost = losses(home)
    report.warnings = [str(loss) for loss in lost]
    if lost:
        report.figures["missing"] = sum(loss.rows_missing for loss in lost)


@_stage
def themes(home: Home, report: StageReport) -> None:
    """Base → the thematic databases."""
    from spark_jobs.building.views import build_themes

    report.changed = build_themes(home)


@_stage
def gold(home: Home, report: StageReport) -> None:
    """Base and themes → risk scores, rows that break rules over several tables, clues and figures, as of today."""
    _gold(home, report)


def _gold(home: Home, report: StageReport, full: bool = False) -> None:
    """Gold in two parts: clues are raised of the first, and the second counts them."""
    from spark_jobs.building.hops import keep_flows
    from spark_jobs.building.rules import judge_rules
    from spark_jobs.building.views import build_gold
    from spark_jobs.clues.dispatching import raise_and_dispatch

    report.changed |= judge_rules(home, today(), full)
    report.changed |= build_gold(home, today(), full, "before")
    report.figures |= raise_and_dispatch(home, today())
    report.changed |= build_gold(home, today(), full, "after")
    keep_flows(home)


@_stage
def validate(home: Home, report: StageReport) -> None:
    """What Great Expectations says of the deliveries that were settled since; another verdict stops the run."""
    from spark_jobs.judging.validation import validate

    verdicts = validate(home)
    report.changed = bool(verdicts)
    report.figures = {"verdicts": verdicts} if verdicts else {}


@_stage
def publish(home: Home, report: StageReport) -> None:
    """Gold → the serving file, once no verdict waits to be validated; clues → the outbox; laws → their index."""
    from spark_jobs.clues.sending import send
    from spark_jobs.judging.validation import validate
    from spark_jobs.knowledge.index import renew_index
    from spark_jobs.serving.publish import publish_serving

    validate(home)
    indexed = renew_index(home)
    report.figures = publish_serving(home) | ({} if indexed is None else {"articles": indexed})
    report.figures |= send(home)
    report.changed = bool(report.figures)


@_stage
def rebuild(home: Home, report: StageReport) -> None:
    """All accepted deliveries → base, themes and gold, as if nothing had been built before."""
    from spark_jobs.building.base import build_base
    from spark_jobs.building.views import build_themes

    read = _read_by_base(home)
    _report_base(report, build_base(home, full=True))
    _link(home, report)
    read.keep()
    report.changed |= build_themes(home, full=True)
    _gold(home, report, full=True)


# In one process; as tasks of their own (dags/) each starts what it needs itself.
STAGES: tuple[Stage, ...] = (_chosen("land", {"gets_ready": True}), conform, base, themes, gold, validate, publish)


def get_ready(home: Home) -> None:
    """Starts what any stage of the home may need, ahead of time."""
    from spark_jobs.building.dbt import project
    from spark_jobs.engine.session import connect
    from spark_jobs.judging import settle  # noqa: F401 - and what it imports
    from spark_jobs.judging.validation import warm_up
    from spark_jobs.serving import publish  # noqa: F401

    warm_up(home)
    connect(home)
    project(home)
