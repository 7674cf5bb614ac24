"""Airflow's three processes (API server, scheduler, DAG processor): settings flow in, running DAGs flow out.

No triggerer (no DAG defers), one API worker, and parsing at leisure: DAG files do not change while it runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from spark_jobs.lake.home import Home
from spark_jobs.services import loopback, postgres
from spark_jobs.services.airflow_client import AirflowClient
from spark_jobs.services.environments import BIN, PROJECT
from spark_jobs.services.keys import Login, secret
from spark_jobs.services.ports import HOST
from spark_jobs.services.process import Service, run_once, write_private

API, SCHEDULER, DAG_PROCESSOR = "airflow-api", "airflow-scheduler", "airflow-dag-processor"
PAGES = PROJECT / "spark_jobs" / "services" / "airflow_ui"
PASSED_ON = ("LAKEWARDEN_TODAY", "LAKEWARDEN_NOW", "LAKEWARDEN_ENGINE")


def address(port: int) -> str:
    """Where Airflow answers."""
    return f"http://{HOST}:{port}"


def settings(home: Home, port: int, remote: str, login: Login, operators: Sequence[Login]) -> dict[str, str]:
    """The environment of every Airflow process, and so of every task.

    An operator sees everything and runs, repeats, stops and pauses DAGs, but changes no pool, variable or connection.
    """
    folder = home.state / "airflow"
    options = {
        "core": {
            "dags_folder": str(PROJECT / "dags"),
            "plugins_folder": str(PAGES),
            "executor": "LocalExecutor",
            "parallelism": "2",
            "load_examples": "False",
            "default_timezone": "Asia/Shanghai",
            "dags_are_paused_at_creation": "False",
            "execution_api_server_url": f"{address(port)}/execution/",
            "simple_auth_manager_users": ",".join([f"{login.user}:admin", *(f"{one.user}:user" for one in operators)]),
            "simple_auth_manager_passwords_file": str(_password_file(home)),
            "fernet_key": secret(home, "airflow-fernet"),
            # The default asks the name service for this machine's full name, which hangs where there is none.
            "hostname_callable": "socket.gethostname",
        },
        "database": {"sql_alchemy_conn": postgres.sqlalchemy_uri(home, "airflow")},
        "api": {
            "host": HOST,
            "port": str(port),
            "base_url": address(port),
            "workers": "1",
            "secret_key": secret(home, "airflow-api"),
            "instance_name": "湖北省互联网+监管 · Lakewarden",
        },
        "api_auth": {"jwt_secret": secret(home, "airflow-jwt")},
        "dag_processor": {"min_file_process_interval": "300", "parsing_processes": "1"},
        # A finished process is noticed at the next heartbeat, so a task ends up to this many seconds late;
        # beating this often, a task must survive more missed beats on a busy machine.
        "workers": {
            "min_heartbeat_interval": "1",
            "max_failed_heartbeats": "60",
            "execution_api_timeout": "30",
        },
        "usage_data_collection": {"enabled": "False"},
        "logging": {
            "namespace_levels": "great_expectations=WARNING",
            "base_log_folder": str(home.logs / "airflow"),
            "dag_processor_child_process_log_directory": str(home.logs / "airflow" / "dag_processor"),
        },
    }
    configured = {
        f"AIRFLOW__{section}__{key}".upper(): value for section, keys in options.items() for key, value in keys.items()
    }
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {
        **configured,
        **passed,
        "AIRFLOW_HOME": str(folder),
        "LAKEWARDEN_HOME": str(home.path),
        "SPARK_REMOTE": remote,
        # Airflow finds its local settings, which tell the notices on its start page, by their name alone.
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{PAGES}",
    }


def declare(port: int, env: dict[str, str]) -> list[Service]:
    """The three processes."""
    program = str(BIN / "airflow")
    health = f"{address(port)}/api/v2/monitor/health"

    def beats(part: str, started: float) -> bool:
        report = loopback.json_or_none(health)
        beat = report and report[part][f"latest_{part}_heartbeat"]
        healthy = bool(beat) and report[part]["status"] == "healthy"
        return healthy and datetime.fromisoformat(beat).timestamp() > started

    # Uvicorn is done in a moment, but its process lingers for many seconds; nothing is lost by ending it.
    server = (program, "api-server")
    return [
        Service(API, server, lambda _: loopback.json_or_none(health) is not None, env, address(port), grace=2),
        Service(SCHEDULER, (program, "scheduler", "--skip-serve-logs"), partial(beats, "scheduler"), env),
        Service(DAG_PROCESSOR, (program, "dag-processor"), partial(beats, "dag_processor"), env),
    ]


def open_pool(home: Home) -> None:
    """Makes the pool that lets one task write the lake at a time."""
    AirflowClient.of(home).ensure_pool()


def prepare(home: Home, env: dict[str, str], logins: Sequence[Login]) -> None:
    """Brings the metadata to this version of Airflow, once, and writes who may enter."""
    write_private(_password_file(home), json.dumps({one.user: one.password for one in logins}))
    marker = home.state / "airflow" / "migrated"
    wanted = f"{version('apache-airflow-core')} {postgres.uri(home, 'airflow')}"
    if marker.exists() and marker.read_text() == wanted and postgres.has_table(home, "airflow", "dag_run"):
        return
    run_once(home, API, (str(BIN / "airflow"), "db", "migrate"), env)
    write_private(marker, wanted)


def _password_file(home: Home) -> Path:
    return home.state / "airflow" / "passwords.json"
