"""A home flows in; the one door to its worker flows out: a private socket, and the token that opens it.

Both sides prove that they know the token before anything is read that the other one says. A socket whose path is too
long for the system is a port on loopback instead.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path

from spark_jobs.lake.home import Home
from spark_jobs.lake.whole import write_whole

# Of the 108 bytes that Linux has for it.
SOCKET_PATH_LIMIT = 100
LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Door:
    """What the worker writes down for those who may enter: its port if it has one, and the token."""

    port: int
    token: str

    def keep(self, home: Home) -> None:
        """Writes it so that only its owner reads it."""
        write_whole(_kept(home), json.dumps(asdict(self)), mode=0o600)

    def is_kept(self, home: Home) -> bool:
        """Whether those who enter still come here."""
        return read_door(home) == self


def read_door(home: Home) -> Door | None:
    """The door of the home's newest worker, whether or not that still lives."""
    with suppress(OSError, ValueError, TypeError):
        return Door(**json.loads(_kept(home).read_bytes()))
    return None


def open_door(home: Home) -> tuple[Listener, Door]:
    """Listens, and lets the home's people know where."""
    path = _socket(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = Listener(str(path), "AF_UNIX", 64) if _fits(path) else Listener((LOOPBACK, 0), "AF_INET", 64)
    door = Door(0 if _fits(path) else int(listener.address[1]), secrets.token_hex(32))
    if _fits(path):
        path.chmod(0o600)
    door.keep(home)
    return listener, door


def knock(home: Home) -> Connection | None:
    """A proven connection to the home's worker, or None where none answers."""
    door = read_door(home)
    if door is None:
        return None
    address = (LOOPBACK, door.port) if door.port else str(_socket(home))
    with suppress(OSError, EOFError, AuthenticationError):
        connection = Client(address)
        return connection if _proves(connection, (answer_challenge, deliver_challenge), door) else None
    return None


def admit(connection: Connection, door: Door) -> bool:
    """Whether who knocked knows the token, and was told that we do."""
    with suppress(OSError, EOFError, AuthenticationError):
        return _proves(connection, (deliver_challenge, answer_challenge), door)
    return False


def _proves(connection: Connection, steps: tuple[Callable[[Connection, bytes], None], ...], door: Door) -> bool:
    for step in steps:
        # A process that is stopped takes connections too, and never says a word.
        if step is answer_challenge and not connection.poll(PATIENCE_SECONDS):
            return False
        step(connection, door.token.encode())
    return True


def _kept(home: Home) -> Path:
    return home.state / "run" / "worker.door"


def _socket(home: Home) -> Path:
    return home.state / "run" / "worker.sock"


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
