"""Airflow's REST API on loopback: a trigger flows in, the chain's progress and its failures flow out."""

from __future__ import annotations

import time
import urllib.error
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from spark_jobs.lake.home import Home, Refused
from spark_jobs.services import loopback, ports
from spark_jobs.services.keys import Login, login
from spark_jobs.services.process import Say, ServiceFailed

CHAIN = ("landing", "base", "gold", "publish")
LAKE_POOL = "lake"
BUSY = ("queued", "running", "up_for_retry")
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class TaskRun:
    """One try of a task in one run of a DAG."""

    dag: str
    run: str
    task: str
    state: str
    attempt: int
    seconds: float

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Which try of which task it is, whatever its state."""
        return self.dag, self.run, self.task, self.attempt


class AirflowClient:
    """The few calls that Lakewarden needs, with a token of the local login."""

    def __init__(self, address: str, who: Login) -> None:
        self._address = address
        credentials = {"username": who.user, "password": who.password}
        self._token = str(loopback.request("POST", f"{address}/auth/token", credentials)["access_token"])

    @classmethod
    def of(cls, home: Home) -> AirflowClient:
        """A client of the home's running Airflow."""
        port = ports.chosen(home).get("airflow")
        if port is None:
            raise Refused("Airflow was never started in this home; run lakewarden up")
        try:
            return cls(f"http://{ports.HOST}:{port}", login(home, demo=False, say=print))
        except urllib.error.URLError as error:
            raise Refused(f"Airflow does not answer on port {port}; run lakewarden up ({error})") from error

    def ensure_pool(self, name: str = LAKE_POOL, slots: int = 1) -> None:
        """Makes the pool whose size says how many tasks may write the lake at a time."""
        pools = self._get("pools", limit=100)["pools"]
        if name not in {pool["name"] for pool in pools}:
            self._call("POST", "pools", {"name": name, "slots": slots, "description": "one writer of the lake"})

    def await_dags(self, patience: float = 120.0) -> None:
        """Waits until the whole chain is known: an asset's event reaches only DAGs that are there."""
        deadline = time.monotonic() + patience
        while missing := sorted(set(CHAIN) - self._active_dags()):
            errors = self._get("importErrors", limit=1)["import_errors"]
            if errors:
                raise ServiceFailed(f"Airflow cannot read {errors[0]['filename']}:\n{errors[0]['stack_trace']}")
            if time.monotonic() > deadline:
                raise ServiceFailed(f"Airflow does not know the DAGs {', '.join(missing)} after {patience:.0f} s")
            time.sleep(POLL_SECONDS)

    def unpause(self) -> None:
        """Lets every DAG of the chain run."""
        for dag in self._get("dags", limit=100, paused="true")["dags"]:
            if dag["dag_id"] in CHAIN:
                self._call("PATCH", f"dags/{dag['dag_id']}?update_mask=is_paused", {"is_paused": False})

    def trigger(self, dag: str) -> str:
        """Starts a run and returns its id."""
        return str(self._call("POST", f"dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"])

    def is_quiet(self) -> bool:
        """Whether nothing of the chain runs, waits, or is about to be started by an asset's event."""
        for dag in CHAIN:
            if self._get(f"dags/{dag}/assets/queuedEvents")["total_entries"]:
                return False
        return not any(run["dag_id"] in CHAIN for run in self._get("dags/~/dagRuns", state=BUSY[:2])["dag_runs"])

    def failed_runs(self, since: datetime) -> list[str]:
        """The runs of the chain that failed since a moment."""
        runs = self._get("dags/~/dagRuns", state="failed", end_date_gte=since.isoformat())["dag_runs"]
        return [f"{run['dag_id']} ({run['dag_run_id']})" for run in runs if run["dag_id"] in CHAIN]

    def broken_dags(self) -> list[str]:
        """The DAGs behind landing whose last run failed: the event that asked for it will not come again."""
        last = {dag: self._get(f"dags/{dag}/dagRuns", order_by="-id", limit=1)["dag_runs"] for dag in CHAIN[1:]}
        return [dag for dag, runs in last.items() if runs and runs[0]["state"] == "failed"]

    def task_runs(self, since: datetime) -> list[TaskRun]:
        """The chain's tasks that changed since a moment, in the order they started."""
        answer = self._get("dags/~/dagRuns/~/taskInstances", updated_at_gte=since.isoformat(), limit=100)
        tasks = [instance for instance in answer["task_instances"] if instance["dag_id"] in CHAIN]
        tasks.sort(key=lambda instance: instance["start_date"] or "9")
        return [_task_run(instance) for instance in tasks]

    def log_tail(self, task: TaskRun, count: int = 25) -> str:
        """The end of a task's log, errors with their trace."""
        path = f"dags/{task.dag}/dagRuns/{quote(task.run)}/taskInstances/{task.task}/logs/{task.attempt}"
        content = self._get(path, full_content="true")["content"]
        lines = [line for event in content for line in _log_lines(event)]
        return "\n".join(lines[-count:])

    def _active_dags(self) -> set[str]:
        return {dag["dag_id"] for dag in self._get("dags", limit=100)["dags"] if not dag["is_stale"]}

    def _get(self, path: str, **query: Any) -> Any:
        return self._call("GET", f"{path}?{urlencode(query, doseq=True)}")

    def _call(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self._address}/api/v2/{path}"
        try:
            return loopback.request(method, url, body, self._token)
        except urllib.error.HTTPError as error:
            reply = error.read().decode("utf-8", "replace")
            raise ServiceFailed(f"Airflow refused {method} {url}: {error.code} {reply}") from error
        except OSError as error:
            raise ServiceFailed(f"Airflow does not answer {method} {url}: {error}") from error


def carry(home: Home, say: Say, patience: float = 1800.0) -> list[TaskRun]:
    """Triggers landing, shows the chain's tasks as they change, and returns them when the last one is done.

    A task that failed for good raises ServiceFailed with the end of its log.
    """
    client = AirflowClient.of(home)
    client.await_dags()
    client.unpause()
    start, deadline = datetime.now(UTC), time.monotonic() + patience
    for dag in ["landing", *client.broken_dags()]:
        client.trigger(dag)
    seen: dict[tuple[str, str, str, int], str] = {}
    while True:
        quiet = client.is_quiet()
        tasks = client.task_runs(start)
        _show(tasks, seen, say)
        _stop_at_failure(client, tasks, start)
        if quiet:
            return tasks
        if time.monotonic() > deadline:
            raise ServiceFailed(f"the DAGs are not through after {patience:.0f} s; see {client._address}")
        time.sleep(POLL_SECONDS)


def _show(tasks: list[TaskRun], seen: dict[tuple[str, str, str, int], str], say: Say) -> None:
    shown = {
        "running": "…",
        "success": "done",
        "skipped": "nothing new",
        "up_for_retry": "failed, will retry",
    }
    for task in tasks:
        if seen.get(task.key) == task.state or task.state not in shown:
            continue
        seen[task.key] = task.state
        seconds = "" if task.state == "running" else f"{task.seconds:6.1f} s"
        say(f"  {task.dag:<8} {task.task:<8} {shown[task.state]:<18} {seconds}".rstrip())


def _stop_at_failure(client: AirflowClient, tasks: list[TaskRun], start: datetime) -> None:
    for task in tasks:
        if task.state == "failed":
            raise ServiceFailed(f"{task.dag}.{task.task} failed. The end of its log:\n{client.log_tail(task)}")
    if runs := client.failed_runs(start):
        raise ServiceFailed(f"failed in Airflow: {', '.join(runs)}")


def _task_run(instance: dict[str, Any]) -> TaskRun:
    return TaskRun(
        dag=instance["dag_id"],
        run=instance["dag_run_id"],
        task=instance["task_id"],
        state=instance["state"] or "waiting",
        attempt=instance["try_number"],
        seconds=instance["duration"] or 0.0,
    )


def _log_lines(event: Any) -> list[str]:
    """What a reader of the failure needs: no grouping marks, no frames of Airflow's own."""
    text = event if isinstance(event, str) else str(event["event"])
    lines = [] if text.startswith("::") else [text]
    for error in () if isinstance(event, str) else event.get("error_detail") or ():
        ours = [frame for frame in error["frames"] if "/site-packages/airflow/" not in frame["filename"]]
        lines += [f"  {frame['filename']}:{frame['lineno']} in {frame['name']}" for frame in ours]
        lines.append(f"{error['exc_type']}: {error['exc_value']}")
    return lines
