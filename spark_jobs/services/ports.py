"""Ports on loopback: a default, a wish or the last choice flows in, a free and lasting port flows out."""

from __future__ import annotations

import json
import os
import socket

from spark_jobs.lake.home import Home, Refused
from spark_jobs.services.process import Say, running, write_private

HOST = "127.0.0.1"
DEFAULTS = {"engine": 15002, "airflow": 8080, "superset": 8088}
ATTEMPTS = 100


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def chosen(home: Home) -> dict[str, int]:
    """The ports that earlier starts settled on."""
    path = home.state / "ports.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def wished(name: str) -> int | None:
    """The port that LAKEWARDEN_PORT_<SERVICE> asks for."""
    variable = f"LAKEWARDEN_PORT_{name.upper()}"
    text = os.environ.get(variable)
    if text is None:
        return None
    if not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise Refused(f"{variable}={text!r} is not a port; use a number from 1024 to 65535")
    return int(text)


def settle(home: Home, name: str, process: str, say: Say) -> int:
    """The port of a service; `process` is the one that listens there, and keeps its port while it runs."""
    kept = chosen(home)
    first = wished(name) or kept.get(name) or DEFAULTS[name]
    if kept.get(name) == first and running(home, process):
        return first
    taken = {port for other, port in kept.items() if other != name}
    candidates = range(first, min(first + ATTEMPTS, 65536))
    port = next((port for port in candidates if port not in taken and is_free(port)), None)
    if port is None:
        raise Refused(f"no free port for {name} from {first} on; set LAKEWARDEN_PORT_{name.upper()}")
    if port != first:
        say(f"{name}: port {first} is busy, using {port}")
    write_private(home.state / "ports.json", json.dumps({**kept, name: port}))
    return port
