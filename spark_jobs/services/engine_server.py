"""The engine as a service of its own: a Spark Connect server on loopback that every task shares."""

from __future__ import annotations

import os
import socket
import sys

from spark_jobs.engine.session import SAIL
from spark_jobs.lake.home import Home, Refused
from spark_jobs.services.environments import BIN, PROJECT
from spark_jobs.services.ports import HOST
from spark_jobs.services.process import Service

NAME = "engine"


def external() -> str | None:
    """The server of SPARK_REMOTE, if one is named."""
    return os.environ.get("SPARK_REMOTE") or None


def remote(port: int) -> str:
    """The address of the local engine."""
    return f"sc://{HOST}:{port}"


def declare(home: Home, port: int) -> Service:
    """Sail, or Apache Spark where LAKEWARDEN_ENGINE=spark asks for it."""
    engine = os.environ.get("LAKEWARDEN_ENGINE", "sail")
    commands = {
        "sail": (str(BIN / "sail"), "spark", "server", "--ip", HOST, "--port", str(port)),
        "spark": (sys.executable, "-m", "spark_jobs.engine.spark_server", "--port", str(port)),
    }
    if engine not in commands:
        raise Refused(f"LAKEWARDEN_ENGINE: {engine!r} is not an engine; use sail or spark")
    return Service(
        name=NAME,
        command=commands[engine],
        healthy=lambda _started: _listens(port),
        env={**SAIL, "RUST_LOG": "warn", "PYTHONPATH": str(PROJECT), "LAKEWARDEN_HOME": str(home.path)},
        address=remote(port),
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True
