"""A supervised local process: a declaration flows in, a running session, its pid file and log flow out."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from spark_jobs.lake.home import Home
from spark_jobs.lake.whole import write_whole
from spark_jobs.services.environments import BIN

Say = Callable[[str], None]

# Linux derives a process's start from the boot time, which the clock's corrections move a little.
START_TOLERANCE = 2.0
LOG_KEPT_BYTES = 20_000_000


class ServiceFailed(Exception):
    """A service that did not start or did not answer; the message ends with its last log lines."""


@dataclass(frozen=True)
class Service:
    """One process of a local service, and how to see that it works."""

    name: str
    command: tuple[str, ...]
    healthy: Callable[[float], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    patience: float = 240.0
    stop_signal: int = signal.SIGTERM
    grace: float = 15.0

    @property
    def declaration(self) -> str:
        """A fingerprint: a running process with another one has to be started anew."""
        declared = json.dumps([self.command, sorted(self.env.items())])
        return hashlib.sha256(declared.encode()).hexdigest()


@dataclass(frozen=True)
class Record:
    """What the pid file says of a started process."""

    name: str
    pid: int
    started: float
    declaration: str
    address: str
    stop_signal: int = signal.SIGTERM
    grace: float = 15.0

    def leader(self) -> psutil.Process | None:
        """The started process while it lives; None too when its number now belongs to another one."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= START_TOLERANCE
            return process if same and _lives(process) else None
        except psutil.NoSuchProcess:
            return None

    def family(self) -> list[psutil.Process]:
        """Every process of it: descendants, and orphans that stayed in its session after it died."""
        leader = self.leader()
        if leader is None and _number_lives(self.pid):
            return []
        born = [leader, *_descendants(leader)] if leader else []
        return born + [process for process in _session(self.pid, self.started) if process not in born]


def log_path(home: Home, name: str) -> Path:
    """Where a service writes."""
    return home.logs / f"{name}.log"


def record_path(home: Home, name: str) -> Path:
    """The pid file of a service."""
    return home.state / "run" / f"{name}.json"


def read_record(home: Home, name: str) -> Record | None:
    """What the pid file says, running or not; a torn file counts as none."""
    try:
        return Record(**json.loads(record_path(home, name).read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def running(home: Home, name: str) -> Record | None:
    """The record of a service whose process lives."""
    record = read_record(home, name)
    return record if record and record.leader() else None


def launch(home: Home, service: Service, say: Say) -> bool:
    """Starts the service unless it runs as declared; a changed declaration restarts it."""
    record = read_record(home, service.name)
    if record and record.leader() and record.declaration == service.declaration:
        return False
    if record and record.family():
        say(f"{service.name}: restarting, its settings changed" if record.leader() else f"{service.name}: restarting")
        stop(home, service.name)
    process = _spawn(home, service)
    started = psutil.Process(process.pid).create_time()
    declared = (service.declaration, service.address, service.stop_signal, service.grace)
    record = Record(service.name, process.pid, started, *declared)
    write_private(record_path(home, service.name), json.dumps(asdict(record)))
    return True


def await_health(home: Home, service: Service) -> float:
    """Waits until the service answers; returns the seconds since its start."""
    record = read_record(home, service.name)
    assert record is not None
    deadline = time.monotonic() + service.patience
    while not service.healthy(record.started):
        if record.leader() is None:
            raise ServiceFailed(_failure(home, service.name, "stopped while starting"))
        if time.monotonic() > deadline:
            raise ServiceFailed(_failure(home, service.name, f"does not answer after {service.patience:.0f} s"))
        time.sleep(0.25)
    return time.time() - record.started


def stop(home: Home, name: str) -> bool:
    """Stops a service with all its children, asking before killing; says whether there was any to stop."""
    record = read_record(home, name)
    family = record.family() if record else []
    if record and (leader := record.leader()):
        _end([leader], record.stop_signal, record.grace)
    if record and family:
        _end({*family, *record.family()}, signal.SIGTERM, 3)
        _end({*family, *record.family()}, signal.SIGKILL, 5)
    record_path(home, name).unlink(missing_ok=True)
    return bool(family)


def run_once(home: Home, name: str, command: Iterable[str], env: Mapping[str, str]) -> None:
    """Runs a preparing command to its end, into the service's log; a failure shows the log's end."""
    with log_path(home, name).open("ab") as log:
        result = subprocess.run(
            list(command),
            env=environment(env),
            cwd=home.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    if result.returncode:
        raise ServiceFailed(_failure(home, name, f"could not be prepared (exit code {result.returncode})"))


def environment(declared: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with what the service declares; loopback never goes through a proxy.

    PATH is not declared: another shell's PATH is no reason to restart a service.
    """
    unproxied = [os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "", "127.0.0.1", "localhost"]
    loopback = ",".join(part for part in unproxied if part)
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    common = {"PATH": path, "NO_PROXY": loopback, "no_proxy": loopback, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **common, **declared}


def write_private(path: Path, text: str) -> None:
    """Writes a file only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text, mode=0o600)


def last_lines(path: Path, count: int = 15) -> str:
    """The end of a log."""
    if not path.exists():
        return "(no log)"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 20_000))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])


def _spawn(home: Home, service: Service) -> subprocess.Popen[bytes]:
    path = log_path(home, service.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_KEPT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    with path.open("ab") as log:
        return subprocess.Popen(
            service.command,
            env=environment(service.env),
            cwd=home.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _failure(home: Home, name: str, what: str) -> str:
    path = log_path(home, name)
    return f"{name} {what}. The end of {path}:\n{last_lines(path)}"


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _session(leader: int, since: float) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _in_session(process, leader, since)]


def _in_session(process: psutil.Process, leader: int, since: float) -> bool:
    try:
        same = os.getsid(process.pid) == leader and process.create_time() >= since - START_TOLERANCE
        return same and _lives(process)
    except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
        return False


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _number_lives(pid: int) -> bool:
    try:
        return _lives(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def _end(processes: Iterable[psutil.Process], number: int, patience: float) -> None:
    """Signals what lives and waits for it; a zombie is dead, whether or not somebody collects it."""
    alive = [process for process in processes if _lives(process)]
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    deadline = time.monotonic() + patience
    while any(_lives(process) for process in alive) and time.monotonic() < deadline:
        time.sleep(0.05)
