"""The resident worker as a service: a home and an engine's address flow in, stages done without a start flow out."""

from __future__ import annotations

import os
import sys

from spark_jobs.lake.home import Home
from spark_jobs.resident.client import answers
from spark_jobs.services import engine_server
from spark_jobs.services.environments import PROJECT
from spark_jobs.services.process import Service

NAME = "worker"
# Another answer to one of these is another worker; other settings come with each stage.
SETTLED = ("LAKEWARDEN_CONTRACTS", "LAKEWARDEN_SCHEMAS")


def declare(home: Home, remote: str) -> Service:
    """The worker: with Sail in its own process, or on an Apache Spark at that address."""
    is_external = engine_server.external() is not None
    is_embedded = not is_external and os.environ.get("LAKEWARDEN_ENGINE", "sail") == "sail"
    instead = () if is_external else ("--instead-of", remote)
    return Service(
        name=NAME,
        command=(sys.executable, "-P", "-m", "spark_jobs.resident", "--home", str(home.path), *instead),
        healthy=lambda _started: answers(home),
        env={
            **{name: os.environ.get(name, "") for name in SETTLED},
            **({} if is_embedded else {"SPARK_REMOTE": remote}),
            "PYTHONPATH": str(PROJECT),
            "LAKEWARDEN_HOME": str(home.path),
        },
    )
