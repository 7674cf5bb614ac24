"""The `lakewarden` command: words flow in, one call of the pipeline, the services or the lake flows out."""

from __future__ import annotations

import getpass
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from schemas.contract import ContractError, departments
from spark_jobs.lake.faults import FULL, advice_on
from spark_jobs.lake.home import Home, Refused, today
from spark_jobs.lake.settings import check_settings

DONE, PARTLY, WRONG_USE, FAILED = 0, 1, 2, 3


Command = Callable[..., int | None]
DAY = click.DateTime(["%Y-%m-%d"])


def _keep(context: click.Context, option: click.Parameter, value: str | bool | None) -> None:
    """Of an option that stands before and after a command's name, the later one counts."""
    if value:
        context.ensure_object(dict)[option.name] = value


# The options that may stand before and after a command's name.
COMMON: list[click.Parameter] = [
    click.Option(
        ["--home"],
        metavar="DIR",
        expose_value=False,
        callback=_keep,
        help="The home folder [default: LAKEWARDEN_HOME, else ./lake].",
    ),
    click.Option(
        ["--debug"], is_flag=True, expose_value=False, callback=_keep, help="Show the whole trace of an error."
    ),
]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, params=[*COMMON])
def main() -> None:
    """Lakewarden: the lakehouse behind a province's Internet + Supervision (互联网+监管).

    \b
    A first day:
      lakewarden init                          makes the home and its landing folders
      lakewarden simulate --objects 2000       fills them with a synthetic province
      lakewarden run                           landing → bronze → silver → base → themes → gold → serving
      lakewarden status                        what each department delivered
      lakewarden sql "select * from gold.risk_score order by score desc limit 5"

    --home and --debug may stand before or after a command's name.

    Exit codes: 0 done; 1 some deliveries refused or held, or feeds parked (the rest is loaded); 2 wrong use;
    3 a step failed.
    """


@main.group("risk", params=[*COMMON])
def risk_group() -> None:
    """Risk models: what scores which objects."""


@main.group("link", params=[*COMMON])
def link_group() -> None:
    """Rows that name an object without its code: what they may mean, and a person's decision."""


@main.group("clue", params=[*COMMON])
def clue_group() -> None:
    """Clues (风险线索): what was found, who has it, and what became of it."""


@main.group("schemas", params=[*COMMON])
def schemas_group() -> None:
    """Contracts: what each feed and table promises."""


def _command(
    name: str | None = None, of: click.Group = main, begins: bool = False
) -> Callable[[Command], click.Command]:
    """Registers a command that gets the home first; what a person can mend is told in one line.

    Only one that `begins` may be used where there is no home yet: a mistyped path must not become half a home.
    """

    def register(work: Command) -> click.Command:
        @wraps(work)
        @click.pass_context
        def run(context: click.Context, /, **options: Any) -> None:
            chosen = context.ensure_object(dict)
            sys.exit(_run(work, chosen.get("home"), chosen.get("debug", False), begins, options))

        command = of.command(name or work.__name__)(run)
        command.params += COMMON
        return command

    return register


def _run(work: Command, home_option: str | None, debug: bool, begins: bool, options: dict[str, Any]) -> int:
    """The command's exit code."""
    logging.raiseExceptions = debug  # dbt's log may lie on a disk that is full: a trace for each line helps nobody
    try:
        home = Home.resolve(home_option)
        os.environ["LAKEWARDEN_HOME"] = str(home.path)
        check_settings()
        if not begins:
            home.must_exist()
    except Refused as refusal:
        click.echo(f"lakewarden: {refusal}", err=True)
        return WRONG_USE
    try:
        return work(home, **options) or DONE
    except (Refused, ContractError) as refusal:
        click.echo(f"lakewarden: {refusal}", err=True)
        return WRONG_USE
    except BrokenPipeError:
        raise  # whoever reads has seen enough, as `| head` does: click ends without a word
    except Exception as error:
        if debug:
            raise
        click.echo(f"lakewarden: {_cause(home, error)}\nlakewarden: --debug shows the whole trace", err=True)
        return FAILED


NEXT_TO_NOTHING = 4 << 20


def _cause(home: Home, error: Exception) -> str:
    text = str(error).strip().split("JVM stacktrace")[0].strip()
    advice = advice_on(text)
    if (
        home.path.exists() and shutil.disk_usage(home.path).free < NEXT_TO_NOTHING
    ):  # a child may have died without a word
        advice = FULL
    if advice:
        return f"{home.path}: {advice}, then run again: nothing is lost\nlakewarden: {' '.join(text.split())[:300]}"
    return f"{type(error).__name__}: {text[:1500]}"


@_command(begins=True)
def init(home: Home) -> None:
    """Makes the home and a landing folder per department and feed, and forgets feeds that have no contract any more."""
    from spark_jobs.command.screen import counted, say
    from spark_jobs.lake.remembered import remember
    from spark_jobs.lake.tables import create_tables
    from spark_jobs.landing.land import make_landing_zone

    folders = make_landing_zone(home)
    create_tables(home)
    remember(home, only=True)
    say(f"{home.path}: ready, {counted(folders, 'landing folders')} below {home.landing}")


@_command(begins=True)
def run(home: Home) -> int:
    """Everything once: land → conform → base → themes → gold → validate → publish."""
    from spark_jobs.pipeline import STAGES

    return _run_stages(home, STAGES)


@_command("land", begins=True)
def land_command(home: Home) -> int:
    """Landing files → bronze, silver and quarantine, with receipts."""
    from spark_jobs import pipeline

    return _run_stages(home, (pipeline.land, pipeline.conform, pipeline.validate))


@_command()
@click.option("--full", is_flag=True, help="Build base, themes and gold anew from all accepted deliveries.")
def build(home: Home, full: bool) -> int:
    """Silver → base, themes and gold."""
    from spark_jobs.pipeline import base, gold, rebuild, themes

    return _run_stages(home, (rebuild,) if full else (base, themes, gold))


@_command()
@click.option("--feed", help="Only this feed, for example check_action.")
@click.option("--department", help="Only this department, for example scjg.")
def replay(home: Home, feed: str | None, department: str | None) -> int:
    """Judges again what was refused, held or quarantined, after a contract or code list was mended.

    Rows that pass now are loaded, once; receipts are written again.
    """
    from spark_jobs import pipeline

    return _run_stages(home, (pipeline.replay(feed, department), *pipeline.STAGES[1:]))


def _decision(work: Command) -> Command:
    work = click.option("--why", required=True, help="The reason, as the department will read it.")(work)
    work = click.option("--by", default=getpass.getuser, show_default="the user", help="Who decides.")(work)
    return click.argument("delivery")(work)


@_command()
@_decision
def release(home: Home, delivery: str, by: str, why: str) -> None:
    """Accepts a held delivery (the start of its identity, or its file name) as it is."""
    from spark_jobs.command.screen import counted, say
    from spark_jobs.judging import decide

    with home.lock():
        released = decide.release(home, delivery, by, why)
    rows = counted(released.rows_accepted, "rows")
    who = "Airflow loads" if _wakes_airflow(home) else "the next run loads"
    say(f"{released.file_name}: released; {who} {rows}")


def _wakes_airflow(home: Home) -> bool:
    """Has Airflow look at the lake now, not with its next landing in up to ten minutes; False where none runs."""
    from spark_jobs.services import wake

    return wake(home)


@_command()
@_decision
def reject(home: Home, delivery: str, by: str, why: str) -> None:
    """Turns a held delivery (the start of its identity, or its file name) away for good."""
    from spark_jobs.command.screen import say
    from spark_jobs.judging import decide

    with home.lock():
        rejected = decide.reject(home, delivery, by, why)
    _wakes_airflow(home)
    say(f"{rejected.file_name}: rejected; its receipt tells the department why")


@_command()
@click.option("--state", type=click.Choice(["accepted", "held", "refused", "duplicate", "rejected", "unpacked", "nil"]))
@click.option("--department", help="Only this department, for example scjg.")
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
def deliveries(home: Home, state: str | None, department: str | None, last: int) -> None:
    """What became of each file, newest first; the identity is what release and reject take."""
    from spark_jobs.command.records import moment
    from spark_jobs.command.screen import show_table
    from spark_jobs.command.status import latest_deliveries

    _a_department(department)
    show_table(
        ["identity", "received", "department", "feed", "file", "state", "rows", "doubtful", "quarantined", "reason"],
        [
            [
                delivery.delivery[:12],
                moment(delivery.received_at),
                delivery.department,
                delivery.feed,
                delivery.file_name,
                delivery.state,
                f"{delivery.rows:,}",
                f"{delivery.rows_doubtful:,}",
                f"{delivery.rows_quarantined:,}",
                delivery.reason,
            ]
            for delivery in latest_deliveries(home, state, department, last)
        ],
        folded=("file", "reason"),
    )


@_command("list", of=risk_group)
def risk_list(home: Home) -> None:
    """Every version of every model, what it is today, and how many objects of each grade it scored last."""
    from spark_jobs.command.risk import headings, model_rows
    from spark_jobs.command.screen import show_table

    show_table(headings(), model_rows(home))


@_command("show", of=risk_group, begins=True)
@click.argument("model", metavar="MODEL[@VERSION]")
@click.option("--object", "code", metavar="CODE", help="An object: its score by this version, with every reason.")
@click.option("--as-known", type=DAY, help="Of an object: as it was scored on that day, by what was known then.")
def risk_show(home: Home, model: str, code: str | None, as_known: datetime | None) -> None:
    """What a version scores by, what it was learned from, who approved it; or one object's score with its reasons."""
    from spark_jobs.command.risk import described, scored_lines
    from spark_jobs.command.screen import show_lines
    from spark_jobs.risk.library import version_named

    day = as_known.date() if as_known else today()
    version = version_named(model, day)
    if as_known and not code:
        raise Refused("--as-known belongs to --object CODE")
    if code:
        home.must_exist()
    show_lines(scored_lines(home, version, code, as_known and day) if code else described(version))


@_command("train", of=risk_group, begins=True)
@click.argument("model", metavar="MODEL[@VERSION]|FILE")
@click.option("--data", type=click.Path(path_type=Path), help="Of a study: the folder with the register's files.")
@click.option("--from", "first", type=DAY, help="From checks of this day on [default: all whose past is known].")
@click.option("--to", "last", type=DAY, help="Until this day [default: all but the last 60 days].")
@click.option("--version", required=True, help="The name of the version that comes of it.")
@click.option("--by", default=getpass.getuser, show_default="the user", help="Its author, who cannot approve it.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Its file [default: <model>_<version>.yaml, here].")
def risk_train(
    home: Home, model: str, first: datetime | None, last: datetime | None, out: Path | None, **chosen: Any
) -> None:
    """Learns the points of a model's draft (schemas/drafts), or of a learned version anew, from random checks of the
    lake or from a study's register.

    The result is a file: a shadow that scores beside the version in force once it lies in schemas/risk.
    """
    from spark_jobs.command.risk import train
    from spark_jobs.command.screen import say

    path = train(home, model, first and first.date(), last and last.date(), out, **chosen)
    say(f"{path}: written")


@_command("compare", of=risk_group)
@click.argument("one", metavar="MODEL@VERSION")
@click.argument("other", metavar="MODEL@VERSION")
@click.option("--from", "first", type=DAY, help="Random checks from this day on [default: the last 60 days].")
@click.option("--to", "last", type=DAY, help="Until this day [default: the last].")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def risk_compare(
    home: Home, one: str, other: str, first: datetime | None, last: datetime | None, as_json: bool
) -> None:
    """Two versions over the same random checks: band × examined × found, and every measure, side by side."""
    from spark_jobs.command.risk import comparison_tables
    from spark_jobs.command.screen import show_lines, show_table
    from spark_jobs.risk.acceptance import compare
    from spark_jobs.risk.library import version_named

    told = compare(home, version_named(one), version_named(other), first and first.date(), last and last.date())
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1, default=str))
        return
    for heading, columns, rows in comparison_tables(told):
        show_lines(["", heading])
        show_table(columns, rows)


@_command("backtest", of=risk_group, begins=True)
@click.argument("study")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="The folder with the register's files.")
@click.option("--from", "first", type=DAY, required=True, help="The first day of the window.")
@click.option("--to", "last", type=DAY, required=True, help="Its last day.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def risk_backtest(
    home: Home, study: str, data: Path, first: datetime, last: datetime, seed: int, as_json: bool
) -> None:
    """Learns a study's model from all before a window and measures it on the window, without who inspected."""
    from spark_jobs.command.risk import backtest_lines
    from spark_jobs.command.screen import show_lines
    from spark_jobs.risk.backtest import backtest
    from spark_jobs.risk.library import version_named

    version = version_named(study)
    if not version.reads:
        raise Refused(f"{study} scores the lake; lakewarden risk compare measures it on the lake's random checks")
    if last < first:
        raise Refused(f"--to {last.date()} lies before --from {first.date()}")
    told = backtest(version, data, first.date(), last.date(), seed)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        show_lines(backtest_lines(told))


@_command("approve", of=risk_group)
@click.argument("model", metavar="MODEL@VERSION")
@click.option("--why", required=True, help="The reason: it stands in the model's file.")
@click.option("--by", default=getpass.getuser, show_default="the user", help="Who approves; never the author.")
@click.option("--despite", metavar="REASON", help="Why, although it is worse than the version in force.")
def risk_approve(home: Home, model: str, why: str, by: str, despite: str | None) -> None:
    """Puts a version in force from today on, if it is on no measure worse than the one in force, or despite it."""
    from spark_jobs.command.screen import say
    from spark_jobs.risk.acceptance import worse
    from spark_jobs.risk.library import approve, in_force, version_named

    version = version_named(model)
    before = in_force(version, today())
    faults = worse(home, version, before) if before else []
    if faults and not despite:
        other = before.name if before else ""
        raise Refused(f"{version.name} is worse than {other}: {'; '.join(faults)}. --despite takes a reason")
    say(f"{approve(version, by, today(), why, despite if faults else None)}: approved, in force from {today()} on")


@_command("retire", of=risk_group, begins=True)
@click.argument("model", metavar="MODEL@VERSION")
@click.option("--on", "last", type=DAY, help="Its last day [default: today].")
@click.option("--why", required=True, help="The reason: it stands in the model's file.")
def risk_retire(home: Home, model: str, last: datetime | None, why: str) -> None:
    """Ends a version after a day."""
    from spark_jobs.command.screen import say
    from spark_jobs.risk.library import retire, version_named

    day = last.date() if last else today()
    say(f"{retire(version_named(model), day, why)}: ends on {day}")


@_command("list", of=link_group)
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="How many candidates.")
def link_list(home: Home, last: int) -> None:
    """Names without a code that nothing links, each with the objects that it may mean."""
    from schemas.contract import table_of
    from spark_jobs.command.screen import show_table
    from spark_jobs.linking.decisions import candidates

    columns = [column.name for column in table_of("ops.link_candidate").columns]
    rows = [[str(row[name] if row[name] is not None else "") for name in columns] for row in candidates(home)[:last]]
    show_table([name.removeprefix("mention_") for name in columns], rows, folded=("name", "candidate_name"))


def _link_decision(work: Command) -> Command:
    work = click.option("--why", required=True, help="The reason: the decision stands for ever.")(work)
    return click.option("--by", default=getpass.getuser, show_default="the user", help="Who decides.")(work)


@_command("accept", of=link_group)
@click.argument("mention")
@click.argument("code")
@_link_decision
def link_accept(home: Home, mention: str, code: str, by: str, why: str) -> None:
    """Decides that a mention (the start of its identity) means the object of that code; the next run applies it."""
    from spark_jobs.command.screen import say
    from spark_jobs.linking.decisions import decide

    say(f"{decide(home, mention, code, by, why)}: written; the next run applies it")


@_command("refuse", of=link_group)
@click.argument("mention")
@_link_decision
def link_refuse(home: Home, mention: str, by: str, why: str) -> None:
    """Decides that a mention (the start of its identity) means no known object; the next run applies it."""
    from spark_jobs.command.screen import say
    from spark_jobs.linking.decisions import decide

    say(f"{decide(home, mention, None, by, why)}: written; the next run applies it")


def _a_department(department: str | None) -> None:
    """Refused for a name that no department has."""
    from schemas.likely import likely

    if department is not None and department not in departments():
        raise Refused(f"{department!r} is no department; {likely(department, departments())}")


@_command("list", of=clue_group)
@click.option("--state", help="Only this state, for example sent, handling or unassigned.")
@click.option("--department", help="Only those of this department, for example sthj.")
@click.option("--late", "only_late", is_flag=True, help="Only those whose clocks have run out; exit code 1 if any.")
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="How many.")
def clue_list(home: Home, state: str | None, department: str | None, only_late: bool, last: int) -> int:
    """Clues, the late and the grave first, each with who has it, its state and its next deadline."""
    from schemas.contract import code_list
    from schemas.likely import likely
    from spark_jobs.command.clues import LISTED, clues, listed
    from spark_jobs.command.screen import counted, say, show_table

    _a_department(department)
    states = [code.code for code in code_list("clue_state")]
    if state is not None and state not in states:
        raise Refused(f"{state!r} is no state; {likely(state, states)}")
    found = clues(home, state, department, only_late)
    show_table([*LISTED], [listed(row) for row in found[:last]], folded=("object",))
    say(counted(len(found), "clues") + (f"; {last} shown" if len(found) > last else ""))
    return PARTLY if only_late and found else DONE


@_command("show", of=clue_group)
@click.argument("clue")
def clue_show(home: Home, clue: str) -> None:
    """All that is known of a clue (its number, or a part of it): reasons, evidence, clocks and every step."""
    from spark_jobs.command.clues import told
    from spark_jobs.command.records import hang, terminal_width
    from spark_jobs.command.screen import show_lines

    show_lines(folded for line in told(home, clue) for folded in hang(line, terminal_width()))


@_command("send", of=clue_group)
@click.argument("clue")
@click.option("--to", "department", required=True, help="The department, for example sthj.")
@click.option("--why", required=True, help="The reason, as the department will read it.")
@click.option("--by", default=getpass.getuser, show_default="the user", help="Who decides.")
def clue_send(home: Home, clue: str, department: str, by: str, why: str) -> None:
    """Decides that a clue (its number, or a part of it) goes to a department; the next run sends it."""
    from spark_jobs.clues.deciding import assign
    from spark_jobs.command.screen import say

    say(f"{assign(home, clue, department, by, why)}: written; the next run sends it")


@_command("rules", of=clue_group)
def clue_rules_command(home: Home) -> None:
    """How the clues of each rule and model proved: the share that was true, beside the floor that it is held to."""
    from spark_jobs.command.clues import rule_rows
    from spark_jobs.command.screen import show_table

    headings = ["rule", "title", "model", "raised", "judged", "true", "floor", "problems at later checks", "proposal"]
    show_table(headings, rule_rows(home), folded=("title",))


@_command("faults", of=clue_group)
def clue_faults(home: Home) -> int:
    """Receipts and feedback that speak of what was not sent so; exit code 1 if there are any."""
    from spark_jobs.command.clues import faults, label
    from spark_jobs.command.screen import show_table

    found = faults(home)
    show_table(
        ["department", "number", "clue", "day", "what is wrong"],
        [
            [
                row["department"],
                row["said_no"],
                row["clue_no"] or "",
                str(row["said_date"]),
                label("clue_fault", row["clue_fault"]),
            ]
            for row in found
        ],
    )
    return PARTLY if found else DONE


@_command("reconcile")
def reconcile_command(home: Home) -> int:
    """Counts every accepted file's rows in every table again; exit code 1 if any are missing."""
    from spark_jobs.pipeline import reconcile

    return _exit_code([_run_stage(home, reconcile)])


@_command("publish")
def publish_command(home: Home) -> int:
    """Gold → the serving file that Superset reads."""
    from spark_jobs.pipeline import publish

    return _run_stages(home, (publish,))


def _run_stages(home: Home, stages: Any) -> int:
    from spark_jobs.command.screen import summarise

    reports = [_run_stage(home, stage) for stage in stages]
    summarise(reports)
    return _exit_code(reports)


def _run_stage(home: Home, stage: Any) -> Any:
    """Runs a stage and says what came of it."""
    from spark_jobs.command.screen import report_line, say

    report = stage(home)
    say(report_line(report))
    for warning in report.warnings:
        say(f"         warning: {warning}")
    return report


def _exit_code(reports: Any) -> int:
    troubles = ("refused", "held", "beyond_limit", "parked", "missing")
    return PARTLY if any(report.figures.get(name) for report in reports for name in troubles) else DONE


@_command("status")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.option("--late", "only_late", is_flag=True, help="Only what departments are late with; exit code 1 if any.")
def status_command(home: Home, as_json: bool, only_late: bool) -> int:
    """Feeds: last delivery, rows, quarantine share, freshness, onboarding state."""
    from spark_jobs.command.clues import unacknowledged
    from spark_jobs.command.records import moment
    from spark_jobs.command.screen import counted, say, show_table
    from spark_jobs.command.status import feed_status
    from spark_jobs.lake.tables import create_tables

    create_tables(home)
    feeds = [feed for feed in feed_status(home) if feed.is_late or not only_late]
    waiting = unacknowledged(home)
    code = PARTLY if only_late and (feeds or waiting) else DONE
    if waiting:
        say(f"clues not acknowledged in time: {waiting}; lakewarden clue list --late")
    if as_json:
        click.echo(json.dumps([asdict(feed) for feed in feeds], ensure_ascii=False, indent=1, default=str))
        return code
    headings = ("department", "feed", "title", "state", "deliveries", "refused", "rows", "quarantined", "last delivery")
    show_table(
        [*headings, "late", "open"],
        [
            [
                feed.department,
                feed.feed,
                feed.feed_title,
                feed.onboarding,
                f"{feed.deliveries}",
                f"{feed.refused}",
                f"{feed.rows_delivered:,}",
                f"{feed.rows_quarantined / feed.rows_delivered:.2%}" if feed.rows_delivered else "",
                "never" if feed.last_delivery is None else moment(feed.last_delivery),
                counted(feed.working_days_late, "working days") if feed.working_days_late else "",
                f"{feed.open_files}" if feed.open_files else "",
            ]
            for feed in feeds
        ],
        folded=("title",),
    )
    return code


@_command()
@click.argument("query")
@click.option("--as-known", type=click.DateTime(["%Y-%m-%d"]), help="As base, themes and gold stood at that day's end.")
@click.option("--as-valid", type=click.DateTime(["%Y-%m-%d"]), help="Of base tables the rows valid on that day.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def sql(home: Home, query: str, as_known: datetime | None, as_valid: datetime | None, form: str) -> None:
    """A query over every layer, for example: lakewarden sql "select * from ops.delivery". It changes nothing."""
    from spark_jobs.command.screen import show_rows
    from spark_jobs.engine.query import ask

    if as_known:
        from spark_jobs.building.known import as_known as home_as_known

        home = home_as_known(home, as_known.date(), query)
    if as_valid:
        from spark_jobs.building.valid import as_valid as home_as_valid

        home = home_as_valid(home, as_valid.date(), query)
    show_rows(ask(home, query), form)


@_command()
@click.argument("figure")
@click.option("--period", metavar="PERIOD", help="2026, 2026-Q1 or 2026-01 [default: all].")
@click.option("--city", metavar="CODE", help="A prefecture, for example 420100.")
@click.option("--county", metavar="CODE", help="A county by its code of today.")
@click.option("--department", help="For example scjg.")
@click.option("--field", help="A field (领域), for example drug.")
@click.option("--item-class", metavar="CODE", help='A class of items (检查事项类别): 1, 2, or "" for acts without one.')
@click.option("--denominator", is_flag=True, help="The rows below the line of an indicator, not those above.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def drill(home: Home, figure: str, denominator: bool, form: str, **cell: str | None) -> None:
    """The rows that a measure or an indicator counts: lakewarden drill problem_rate --period 2026-01 --city 420100."""
    from spark_jobs.building.drill import Cell, drill_sql
    from spark_jobs.command.screen import show_rows
    from spark_jobs.engine.session import query

    show_rows(query(home, drill_sql(figure, Cell(**cell), denominator)).toArrow(), form)


@_command()
@click.argument("table", metavar="TABLE | object CODE")
@click.argument("code", required=False, metavar="")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Of an object: the day on which terms are looked at.")
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="Of an object: rows a table.")
def show(home: Home, table: str, code: str | None, day: datetime | None, last: int) -> None:
    """A table's contract, lineage, history, row count and a sample: lakewarden show base.supervised_object.

    Or all that is known of an object, each value with its source: lakewarden show object 91420100MA4K00010R.
    """
    if table == "object":
        _show_object(home, code, day.date() if day else today(), last)
        return
    if code:
        raise Refused(f"{code!r} is too much; write <layer>.<table>, or object and a code")
    from schemas.contract import contracts
    from schemas.contract.show import describe
    from spark_jobs.command.records import hang, terminal_width
    from spark_jobs.command.screen import counted, say, show_lines, show_rows, show_table
    from spark_jobs.command.status import sample, table_history

    layer, _, name = table.partition(".")
    if not name:
        raise Refused(f"{table!r} is not a table; write <layer>.<table>, for example silver.check_action")
    count, rows = sample(home, layer, name)
    contract = name if layer in ("bronze", "silver", "quarantine") else table
    show_lines(folded for line in describe(contract) for folded in hang(line, terminal_width()))
    show_lines([""])
    history = table_history(home, layer, name)
    show_table(["version", "at", "operation"], [[str(value) for value in entry.values()] for entry in history])
    say(f"\n{table}: {counted(count, 'rows')}; the first {rows.num_rows}:")
    show_rows(rows, "table", {column.name: column.label or "" for column in contracts()[contract].columns})


def _show_object(home: Home, code: str | None, day: date, last: int) -> None:
    from spark_jobs.command.known import known_of, lines
    from spark_jobs.command.records import terminal_width
    from spark_jobs.command.screen import show_lines

    if not code:
        raise Refused("which object? write its code: lakewarden show object 91420100MA4K00010R")
    written = code.strip().upper()
    show_lines(lines(written, known_of(home, written, day, last), terminal_width()))


@_command(begins=True)
@click.option("--objects", type=click.IntRange(1), default=2000, show_default=True, help="Supervised objects.")
@click.option("--days", type=click.IntRange(1), default=180, show_default=True, help="Days of activity up to --until.")
@click.option("--seed", default=42, show_default=True, help="Same seed, same files.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day [default: yesterday].")
@click.option("--out", type=click.Path(path_type=Path), help="Where the files go [default: the home's landing zone].")
@click.option("--bad-files", is_flag=True, help="Add a few files that must be refused whole.")
@click.option("--daily", is_flag=True, help="A file every day, where departments otherwise gather a week or a month.")
@click.option("--answers", is_flag=True, help="Instead: what departments answer by today to clues in the outbox.")
def simulate(
    home: Home, objects: int, days: int, seed: int, until: Any, out: Path | None, answers: bool, **more: bool
) -> None:
    """Landing files of a synthetic province, with known dirt and known truth (state/truth.csv)."""
    from simulate import simulate as simulate_province
    from simulate import write_answers
    from spark_jobs.command.screen import counted, say

    home.create()
    if answers:
        written = write_answers(home.outbox, out or home.landing, today(), home.state / "answers.json")
        say(f"{home.outbox}: {counted(written, 'answers')} written")
        return
    last: date = until.date() if until else today() - timedelta(days=1)
    truth = home.state / "truth.csv"
    simulate_province(objects, days, seed, out or home.landing, last, truth, **more, say=say)


@_command()
@click.argument("words", nargs=-1, required=True)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="What was in force on that day [default: today].")
@click.option("--last", "limit", type=click.IntRange(1), default=10, show_default=True, help="How many articles.")
@click.option("--whole", is_flag=True, help="The whole articles, not the part around the word.")
def search(home: Home, words: tuple[str, ...], day: Any, limit: int, whole: bool) -> None:
    """Articles of laws that hold all words, or the one that is named: lakewarden search 食品安全法 第一百一十条."""
    from spark_jobs.command.laws import law_row
    from spark_jobs.command.screen import counted, say, show_table
    from spark_jobs.knowledge.index import index_file, renew_index
    from spark_jobs.knowledge.search import Laws

    if not index_file(home).exists():
        with home.lock():
            renew_index(home)
    if not index_file(home).exists():
        raise Refused("the knowledge base holds no articles yet; see docs/laws.md")
    with Laws(index_file(home)) as laws:
        found = laws.search(" ".join(words), day.date() if day else today(), limit)
    rows = [law_row(hit, is_whole=whole) for hit in found.hits]
    show_table(["law", "text of", "article", "state", "text"], rows, ("law", "text"))
    say(f"{counted(found.total, 'articles')}; {counted(len(found.hits), 'articles')} shown")


@_command("law", begins=True)
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--department", default="sft", show_default=True, help="Who delivers them.")
@click.option("--source", required=True, help="Where the texts are from, as the knowledge base shows it.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the files go [default: the department's landing].")
def law_command(home: Home, texts: tuple[Path, ...], department: str, source: str, out: Path | None) -> None:
    """Markdown texts of laws (files, folders, .jsonl or .jsonl.gz) → files that feeds law and law_article take."""
    from spark_jobs.command.screen import counted, say
    from spark_jobs.knowledge.deliver import law_files, write_files

    _a_department(department)
    rows = law_files(texts, source, say)
    for path in write_files(rows, out or home.landing / department, today()):
        say(f"{path}: {counted(len(rows[path.parent.name]), 'rows')}")


@_command("template", begins=True)
@click.argument("feed")
@click.option("--out", type=click.Path(path_type=Path), help="Where it goes [default: <feed>.xlsx, here].")
def template_command(home: Home, feed: str, out: Path | None) -> None:
    """A workbook to fill for a feed: headings, lists to choose from, formats that keep digits, and explanations."""
    from schemas.contract.named import feed_named
    from spark_jobs.command.screen import say
    from spark_jobs.receipts.template import template

    contract = feed_named(feed)
    path = out or Path(f"{contract.name}.xlsx")
    path.write_bytes(template(contract))
    say(f"{path}: {contract.title}")


@_command("show", of=schemas_group, begins=True)
@click.argument("contract")
def show_contract(home: Home, contract: str) -> None:
    """What a feed or a table promises; by its name, title or folder: 市场主体登记信息, enterprise, scjg/enterprise."""
    from schemas.contract.show import describe

    click.echo("\n".join(describe(contract)))


@_command("docs")
def docs_command(home: Home) -> None:
    """The data dictionary (数据字典), with contracts as ODCS and code lists as CSV; dbt's documentation of models."""
    from spark_jobs.building.dbt import write_docs
    from spark_jobs.command.screen import say
    from spark_jobs.engine.session import connect
    from spark_jobs.lake.tables import create_tables
    from spark_jobs.standards.site import write_site

    create_tables(home)
    say(f"数据字典  {write_site(home)}")
    connect(home)
    say(f"dbt       {write_docs(home)}")


@_command("up", begins=True)
@click.option("--demo", is_flag=True, help="With the demo login, which is in the README.")
def up_command(home: Home, demo: bool) -> None:
    """PostgreSQL, engine, worker, Airflow and Superset on loopback."""
    from spark_jobs.command.screen import say
    from spark_jobs.services import up

    for name, address in up(home, demo=demo, say=say).items():
        say(f"{name:<9} {address}")


@_command("down", begins=True)
def down_command(home: Home) -> None:
    """Stops what `up` started."""
    from spark_jobs.command.screen import say
    from spark_jobs.services import down

    down(home, say)


@_command("doctor", begins=True)
def doctor_command(home: Home) -> int:
    """What is wrong with this machine, and what to do about it."""
    from spark_jobs.command.screen import show_table
    from spark_jobs.services import doctor

    findings = doctor(home)
    show_table(["", "what", "found", "do"], [[f.state, f.subject, f.seen, f.advice] for f in findings], ("found", "do"))
    return FAILED if any(finding.state == "fail" for finding in findings) else DONE


@_command("demo", begins=True)
@click.option(
    "--objects",
    type=click.IntRange(1),
    default=5000,
    show_default=True,
    help="Supervised objects of the synthetic province.",
)
@click.option("--days", type=click.IntRange(1), default=180, show_default=True, help="Days of activity.")
def demo_command(home: Home, objects: int, days: int) -> int:
    """The whole way on this machine: a synthetic province through Airflow's DAGs to Superset."""
    from spark_jobs.command.demo import demo

    return demo(home, objects, days)


if __name__ == "__main__":
    main()
