"""The machine's health: a home flows in, findings with what to do about them flow out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from schemas.contract import ContractError, feeds, shown
from schemas.contract.lint import lint
from schemas.folders import roots
from spark_jobs.judging.parking import changed_types
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.remembered import forgotten, said
from spark_jobs.lake.tables import exists
from spark_jobs.resident.client import answers
from spark_jobs.services import airflow_server, engine_server, ports, postgres, superset_server, worker_server
from spark_jobs.services.environments import BI_BIN, BIN
from spark_jobs.services.process import ServiceFailed, await_health, launch, log_path, read_record, running, stop

GIB = 1024**3
LISTENERS = {"engine": engine_server.NAME, "airflow": airflow_server.API, "superset": superset_server.NAME}


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `advice` says what to do when it is not well."""

    state: Literal["ok", "warn", "fail"]
    subject: str
    seen: str
    advice: str = ""


def doctor(home: Home) -> list[Finding]:
    """Everything that local services need, looked at one by one."""
    return [
        _python(),
        _environment("pipeline environment", BIN, ("airflow", "sail", "dbt")),
        _environment("Superset environment", BI_BIN, ("superset", "gunicorn")),
        _home(home),
        *_contracts(home),
        _disk(home),
        _memory(),
        *_ports(home),
        _postgres(home),
        _worker(home),
        _java(),
    ]


def _python() -> Finding:
    seen = ".".join(str(part) for part in sys.version_info[:3])
    if (3, 10) <= sys.version_info[:2] <= (3, 12):
        return Finding("ok", "Python", seen)
    return Finding("fail", "Python", seen, "use Python 3.10, 3.11 or 3.12 and run make setup again")


def _environment(subject: str, folder: Path, programs: tuple[str, ...]) -> Finding:
    missing = [program for program in programs if not (folder / program).exists()]
    if missing:
        return Finding("fail", subject, f"{', '.join(missing)} missing in {folder}", "run make setup")
    return Finding("ok", subject, str(folder))


def _home(home: Home) -> Finding:
    place = _nearest(home.path)
    try:
        with tempfile.TemporaryFile(dir=place):
            seen = "can be written" if place == home.path else "is not there yet, and can be made"
            return Finding("ok", "home", f"{home.path} {seen}")
    except OSError as error:
        return Finding(
            "fail", "home", f"{home.path}: {error.strerror}", "choose another with --home or LAKEWARDEN_HOME"
        )


def _nearest(path: Path) -> Path:
    """The path, or the first above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def _contracts(home: Home) -> Iterator[Finding]:
    """What is declared, by itself and against what the home was built with."""
    try:
        wrong = lint()
    except ContractError as error:
        wrong = [str(error)]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        yield Finding("fail", "contracts", f"{wrong[0]}{more}", "python -m schemas lint says all")
        return
    folders = ", ".join(shown(root) for root in roots())
    yield Finding("ok", "contracts", f"{len(feeds())} feeds in {folders}")
    yield from (Finding("fail", "contracts", sentence) for sentence in said(forgotten(home)))
    for feed in feeds():
        if exists(home.table("silver", feed)) and (changed := changed_types(home, feed)):
            advice = "give the column another name, or its type back (docs/change-a-feed.md)"
            yield Finding("fail", f"feed {feed}", ", ".join(changed), advice)


def _disk(home: Home) -> Finding:
    place = _nearest(home.path)
    free = shutil.disk_usage(place).free
    seen = f"{free / GIB:.1f} GiB free at {place}"
    if free < 1 * GIB:
        return Finding("fail", "disk", seen, "free at least 1 GiB, or choose a home on another disk")
    if free < 5 * GIB:
        return Finding("warn", "disk", seen, "5 GiB are comfortable for a demo")
    return Finding("ok", "disk", seen)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    seen = f"{free / GIB:.1f} GiB available, {os.cpu_count()} cores"
    if free < 2 * GIB:
        return Finding(
            "warn", "memory", seen, "all services together take about 2 GiB; lakewarden run alone needs less"
        )
    return Finding("ok", "memory", seen)


def _ports(home: Home) -> Iterator[Finding]:
    for name, process in LISTENERS.items():
        try:
            port = ports.wished(name) or ports.chosen(home).get(name) or ports.DEFAULTS[name]
        except Refused as error:
            yield Finding("fail", f"port of {name}", str(error), "correct or unset the variable")
            continue
        if running(home, process):
            yield Finding("ok", f"port of {name}", f"{port}, running")
        elif ports.is_free(port):
            yield Finding("ok", f"port of {name}", f"{port} is free")
        else:
            advice = f"the next free one will be used; LAKEWARDEN_PORT_{name.upper()} chooses another"
            yield Finding("warn", f"port of {name}", f"{port} is busy", advice)


def _postgres(home: Home) -> Finding:
    """Starts the home's PostgreSQL, or one in a passing home, and stops it again unless it ran before."""
    if running(home, postgres.NAME) or postgres.external():
        return _postgres_answers(home)
    with tempfile.TemporaryDirectory() as folder:
        trial = Home(Path(folder))
        trial.create()
        try:
            postgres.prepare(trial)
            service = postgres.declare(trial)
            launch(trial, service, lambda _line: None)
            seconds = await_health(trial, service)
        except (Refused, ServiceFailed) as error:
            return Finding("fail", "PostgreSQL", str(error), "or name a server with LAKEWARDEN_POSTGRES")
        finally:
            stop(trial, postgres.NAME)
    return Finding("ok", "PostgreSQL", f"starts in {seconds:.1f} s")


def _postgres_answers(home: Home) -> Finding:
    try:
        address = postgres.uri(home, "postgres")
    except Refused as error:
        return Finding("fail", "PostgreSQL", str(error), "correct or unset LAKEWARDEN_POSTGRES")
    if postgres.answers(address):
        return Finding("ok", "PostgreSQL", "answers")
    return Finding("fail", "PostgreSQL", "does not answer", "start the server that LAKEWARDEN_POSTGRES names")


def _worker(home: Home) -> Finding:
    if answers(home):
        return Finding("ok", "worker", "answers")
    if running(home, worker_server.NAME):
        return Finding("warn", "worker", "is starting, or does not answer", f"see {log_path(home, worker_server.NAME)}")
    if read_record(home, worker_server.NAME):
        return Finding("warn", "worker", "has ended; stages start what they need themselves", "lakewarden up")
    return Finding("ok", "worker", "none; lakewarden up starts it")


def _java() -> Finding:
    """Only LAKEWARDEN_ENGINE=spark needs one."""
    needed = os.environ.get("LAKEWARDEN_ENGINE") == "spark"
    java_home = os.environ.get("JAVA_HOME")
    program = shutil.which(str(Path(java_home) / "bin" / "java") if java_home else "java")
    if program is None:
        advice = "install a JDK 17 or 21, or use the default engine" if needed else ""
        return Finding("fail" if needed else "ok", "Java", "none (only LAKEWARDEN_ENGINE=spark needs it)", advice)
    answer = subprocess.run([program, "-version"], capture_output=True, text=True)
    seen = next(iter((answer.stderr or answer.stdout).splitlines()), program)
    return Finding("ok", "Java", seen)
