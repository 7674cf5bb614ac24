"""The local services together: a home flows in; PostgreSQL, engine, worker, Airflow and Superset flow out."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from spark_jobs.lake.home import Home, Refused
from spark_jobs.services import airflow_server, engine_server, ports, postgres, superset_server, worker_server
from spark_jobs.services.airflow_client import AirflowClient
from spark_jobs.services.keys import Login, login, operators
from spark_jobs.services.process import Say, Service, ServiceFailed, await_health, launch, running, stop

SERVICES = ("postgres", "engine", "worker", "airflow", "superset")
# In the order of starting; each row is stopped together, the last row first.
ROWS = (
    (postgres.NAME, engine_server.NAME),
    (worker_server.NAME, airflow_server.API, superset_server.NAME),
    (airflow_server.SCHEDULER, airflow_server.DAG_PROCESSOR),
)
PROCESSES = tuple(name for row in ROWS for name in row)
LISTENERS = {"airflow": airflow_server.API, "superset": superset_server.NAME}
NEEDS: dict[str, set[str]] = {
    "airflow": {"postgres", "engine", "worker"},
    "superset": {"postgres"},
    "postgres": set(),
    "worker": {"engine"},
    "engine": set(),
}


def up(home: Home, demo: bool = False, services: Collection[str] | None = None, say: Say = print) -> dict[str, str]:
    """Starts what does not run yet, waits until everything answers, and returns the addresses."""
    wanted = _wanted(services)
    home.create()
    with _one_at_a_time(home), _nothing_left(home, say):
        access = login(home, demo, say)
        remote = _start_base(home, wanted, say)
        settled = {name: ports.settle(home, name, LISTENERS[name], say) for name in sorted(wanted & {*LISTENERS})}
        chains: dict[str, Callable[[], object]] = {
            "worker": lambda: _start(home, [worker_server.declare(home, remote)], say),
            "airflow": lambda: _start_airflow(home, settled["airflow"], remote, access, demo, say),
            "superset": lambda: _start_superset(home, settled["superset"], access, demo, say),
        }
        with ThreadPoolExecutor(max_workers=len(chains)) as pool:
            started = [pool.submit(chain) for name, chain in chains.items() if name in wanted]
        for future in started:
            future.result()
    return addresses(home)


def down(home: Home, say: Say = print) -> None:
    """Stops every service of the home with all its children, last started first."""
    if not (home.state / "run").exists():
        say("nothing is running")
        return
    with _one_at_a_time(home):
        stopped = [any(_stop_row(home, row, say)) for row in reversed(ROWS)]
    if not any(stopped):
        say("nothing is running")


def wake(home: Home) -> bool:
    """Lets Airflow land now, and so build what somebody else changed; False where it does not run or answer.

    Nothing is lost by that: its next landing finds the change.
    """
    if running(home, airflow_server.API) is None:
        return False
    try:
        AirflowClient.of(home).trigger("landing")
    except (Refused, ServiceFailed):
        return False
    return True


def addresses(home: Home) -> dict[str, str]:
    """Where the running services answer."""
    records = {name: running(home, name) for name in PROCESSES}
    return {name.removesuffix("-api"): record.address for name, record in records.items() if record and record.address}


def _wanted(services: Collection[str] | None) -> set[str]:
    wanted = set(SERVICES if services is None else services)
    if unknown := sorted(wanted - set(SERVICES)):
        raise Refused(f"no such service: {', '.join(unknown)}; there are {', '.join(SERVICES)}")
    return wanted.union(*(NEEDS[name] for name in wanted))


def _start_base(home: Home, wanted: set[str], say: Say) -> str:
    """Starts what the others need; returns the engine's address."""
    declared: list[Service] = []
    remote = engine_server.external() or ""
    if "engine" in wanted and not remote:
        port = ports.settle(home, "engine", engine_server.NAME, say)
        declared.append(engine_server.declare(home, port))
        remote = engine_server.remote(port)
    if "postgres" in wanted and postgres.external() is None:
        postgres.prepare(home)
        declared.append(postgres.declare(home))
    _start(home, declared, say)
    if "postgres" in wanted:
        postgres.create_databases(home)
    return remote


def _start_airflow(home: Home, port: int, remote: str, access: Login, demo: bool, say: Say) -> None:
    others = operators(demo)
    env = airflow_server.settings(home, port, remote, access, others)
    airflow_server.prepare(home, env, [access, *others])
    if _start(home, airflow_server.declare(port, env), say):
        airflow_server.open_pool(home)


def _start_superset(home: Home, port: int, access: Login, demo: bool, say: Say) -> None:
    env = superset_server.settings(home, access, demo)
    superset_server.prepare(home, env)
    _start(home, [superset_server.declare(port, env)], say)


def _start(home: Home, declared: list[Service], say: Say) -> bool:
    """Launches all, then waits for all; says whether any was new."""
    new = {service.name for service in declared if launch(home, service, say)}
    for service in declared:
        seconds = await_health(home, service)
        if service.name in new:
            say(f"{service.name}: ready after {seconds:.0f} s  {service.address}".rstrip())
    return bool(new)


def _stop_row(home: Home, row: tuple[str, ...], say: Say) -> list[bool]:
    if not row:
        return []
    with ThreadPoolExecutor(max_workers=len(row)) as pool:
        stopped = list(pool.map(lambda name: stop(home, name), row))
    for name, was_running in zip(row, stopped, strict=True):
        if was_running:
            say(f"{name}: stopped")
    return stopped


@contextmanager
def _nothing_left(home: Home, say: Say) -> Iterator[None]:
    """Stops what was started if not all of it could be; what ran before runs on."""
    before = {name for name in PROCESSES if running(home, name)}
    try:
        yield
    except BaseException:
        for row in reversed(ROWS):
            _stop_row(home, tuple(name for name in row if name not in before), say)
        raise


@contextmanager
def _one_at_a_time(home: Home) -> Iterator[None]:
    """Holds the lock of up and down; it is freed when its holder dies."""
    folder = home.state / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
