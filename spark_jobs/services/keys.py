"""Secrets of the local services: made once, kept under the home's state with mode 600."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import asdict, dataclass

from spark_jobs.lake.home import Home, Refused
from spark_jobs.services.process import Say, write_private


@dataclass(frozen=True)
class Login:
    """Who may enter Airflow and Superset."""

    user: str
    password: str


DEMO = Login("demo", "demo-lakewarden")
DEMO_LEADER = Login("leader", "leader-lakewarden")
DEMO_ANALYST = Login("analyst", "analyst-lakewarden")
DEMO_OPERATOR = Login("operator", "operator-lakewarden")
OPERATOR = "LAKEWARDEN_OPERATOR"


def operators(demo: bool) -> list[Login]:
    """Who operates without being an administrator: whom the environment names as user:password, else the demo's."""
    named = os.environ.get(OPERATOR)
    if named is None:
        return [DEMO_OPERATOR] if demo else []
    user, _, password = named.partition(":")
    if not user or not password:
        raise Refused(f"{OPERATOR} must read user:password")
    return [Login(user, password)]


def secret(home: Home, name: str) -> str:
    """A random key of 32 bytes, base64, the same at every call."""
    path = home.state / "secrets" / name
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(os.urandom(32)).decode())
    return path.read_text()


def login(home: Home, demo: bool, say: Say) -> Login:
    """The login: the demo's when asked for, else the kept one, else a new one, shown once."""
    path = home.state / "secrets" / "login.json"
    if demo:
        write_private(path, json.dumps(asdict(DEMO)))
    if path.exists():
        return Login(**json.loads(path.read_text()))
    made = Login("admin", base64.urlsafe_b64encode(os.urandom(12)).decode())
    write_private(path, json.dumps(asdict(made)))
    say(f"login for Airflow and Superset: {made.user} / {made.password}  (kept in {path})")
    return made
