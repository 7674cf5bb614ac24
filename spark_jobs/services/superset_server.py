"""Superset from its own environment: the dashboards' files flow in, a web server on loopback flows out.

Everything that dashboards/ has to offer is called here: `python -m dashboards.superset.publish all`, which knows by
itself what there is to do, `python -m dashboards.superset.serve`, and the variables of `settings`.
"""

from __future__ import annotations

from spark_jobs.lake.home import Home, Refused
from spark_jobs.services import loopback, postgres
from spark_jobs.services.environments import BI_BIN, PROJECT
from spark_jobs.services.keys import DEMO_ANALYST, DEMO_LEADER, OPERATOR, Login, operators, secret
from spark_jobs.services.ports import HOST
from spark_jobs.services.process import Service, run_once

NAME = "superset"
PYTHON = str(BI_BIN / "python")


def address(port: int) -> str:
    """Where Superset answers."""
    return f"http://{HOST}:{port}"


# Only the demo makes people whose passwords stand in a file; elsewhere the environment names them, or there are none.
DEMO_PEOPLE = {
    "LAKEWARDEN_SUPERSET_LEADER": f"{DEMO_LEADER.user}:{DEMO_LEADER.password}",
    "LAKEWARDEN_SUPERSET_ANALYST": f"{DEMO_ANALYST.user}:{DEMO_ANALYST.password}",
}


def settings(home: Home, login: Login, demo: bool) -> dict[str, str]:
    """The environment of Superset and of its preparation."""
    people = DEMO_PEOPLE if demo else {}
    for operator in operators(demo):
        people = people | {OPERATOR: f"{operator.user}:{operator.password}"}
    return {
        **people,
        "LAKEWARDEN_HOME": str(home.path),
        "LAKEWARDEN_SUPERSET_DB": postgres.sqlalchemy_uri(home, "superset"),
        "LAKEWARDEN_SUPERSET_USER": login.user,
        "LAKEWARDEN_SUPERSET_PASSWORD": login.password,
        "SUPERSET_SECRET_KEY": secret(home, "superset"),
        "SUPERSET_CONFIG_PATH": str(PROJECT / "dashboards" / "superset" / "config.py"),
        "PYTHONPATH": str(PROJECT),
    }


def declare(port: int, env: dict[str, str]) -> Service:
    """The web server."""
    health = f"{address(port)}/health"
    command = (PYTHON, "-m", "dashboards.superset.serve", "--host", HOST, "--port", str(port))
    return Service(NAME, command, lambda _started: loopback.answers(health), env, address(port))


def prepare(home: Home, env: dict[str, str]) -> None:
    """Brings metadata, login and dashboards up to date."""
    if not (BI_BIN / "gunicorn").exists():
        raise Refused("Superset is not installed: run make setup")
    run_once(home, NAME, (PYTHON, "-m", "dashboards.superset.publish", "all"), env)
