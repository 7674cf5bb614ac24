"""The demonstration: a synthetic province flows in, through Airflow's DAGs, and a running dashboard flows out."""

from __future__ import annotations

import time
from datetime import timedelta

import pyarrow.compute as pc

from simulate import simulate, write_answers
from spark_jobs.command.screen import notes, say
from spark_jobs.lake.home import Home, today
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone
from spark_jobs.services import addresses, up
from spark_jobs.services.airflow_client import TaskRun, carry
from spark_jobs.services.keys import DEMO_ANALYST, DEMO_LEADER, login

SEED = 42


def demo(home: Home, objects: int, days: int) -> int:
    """Runs the demonstration; a second time it finds everything done and changes nothing."""
    started = time.perf_counter()
    truth = home.state / "truth.csv"
    if not truth.exists():
        say(f"A synthetic province: {objects:,} objects, {days} days")
        make_landing_zone(home)
        simulate(objects, days, SEED, home.landing, today() - timedelta(days=1), truth=truth, bad_files=True, say=say)
    say("Services on loopback")
    up(home, demo=True, say=say)
    say("Airflow carries the files through: landing → base → gold → publish")
    tasks = carry(home, say)
    if answered := write_answers(home.outbox, home.landing, today(), home.state / "answers.json"):
        say(f"Departments answer the clues that they were sent: {answered} receipts and findings")
        tasks += carry(home, say)
    _summary(home, tasks, time.perf_counter() - started)
    return 0


def _summary(home: Home, tasks: list[TaskRun], seconds: float) -> None:
    ledger = read(home.table("ops", "delivery"), ["state", "rows_accepted", "rows_quarantined"])
    states = ledger["state"].to_pylist()
    counted = ", ".join(f"{states.count(state)} {state}" for state in ("accepted", "held", "refused", "duplicate"))
    spent = ", ".join(f"{task.task} {task.seconds:.0f} s" for task in tasks if task.state == "success")
    who = login(home, demo=True, say=say)
    say("")
    say(f"Deliveries  {len(states)}: {counted}")
    accepted, quarantined = (pc.sum(ledger[name]).as_py() for name in ("rows_accepted", "rows_quarantined"))
    say(f"Rows        {accepted:,} accepted, {quarantined:,} quarantined")
    say(f"Seconds     {seconds:.0f} in all{'; ' + spent if spent else ''}")
    reached = addresses(home)
    notes.print(f"[bold]监管总览[/bold]    {reached.get('superset', '')}/superset/dashboard/overview/", highlight=False)
    say(f"Airflow     {reached.get('airflow', '')}")
    say(f"Login       {who.user} / {who.password}  (administrator)")
    say(f"            {DEMO_LEADER.user} / {DEMO_LEADER.password}  (领导: sees the dashboards)")
    say(f"            {DEMO_ANALYST.user} / {DEMO_ANALYST.password}  (分析员: dashboards and SQL, read only)")
    say(f"Receipts    {home.receipts}")
    say(f"Data Docs   {home.docs / 'quality' / 'index.html'}")
    say("make down stops everything.")
