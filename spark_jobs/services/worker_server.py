"""The resident worker as a service: a home and an engine's address flow in, stages done without a start flow out."""

from __future__ import annotations

import os
import sys

from spark_jobs.lake.home import Home
from spark_jobs.resident.client import answers
from spark_jobs.services import engine_server
from spark_jobs.services.environments import PROJECT
from spark_jobs.services.process import Record, Service, running

NAME = "worker"
# Another answer to one of these is another worker; other settings come with each stage.
SETTLED = ("LAKEWARDEN_CONTRACTS", "LAKEWARDEN_SCHEMAS", "LAKEWARDEN_ENGINE")


def declare(home: Home, remote: str) -> Service:
    """The worker, on the engine that the others use; a new engine knows no tables and needs a new worker."""
    engine = running(home, engine_server.NAME)
    own = () if engine_server.external() else ("--own-engine",)
    return Service(
        name=NAME,
        command=(sys.executable, "-P", "-m", "spark_jobs.resident", "--home", str(home.path), *own),
        healthy=lambda _started: answers(home),
        env={
            **{name: os.environ.get(name, "") for name in SETTLED},
            "SPARK_REMOTE": remote,
            "PYTHONPATH": str(PROJECT),
            "LAKEWARDEN_HOME": str(home.path),
            "LAKEWARDEN_WORKS_WITH": _identity(engine),
        },
    )


def _identity(engine: Record | None) -> str:
    return f"{engine.pid} {engine.started}" if engine else ""
