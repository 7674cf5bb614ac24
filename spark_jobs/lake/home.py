"""The home folder: where landing files flow in and every table, receipt and document flows out."""

from __future__ import annotations

import fcntl
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
# Sail 0.7 takes a table's location for a URL: with a space or a Chinese letter in it, it writes to another folder.
PLAIN = re.compile(r"[A-Za-z0-9._/-]+")


class Refused(Exception):
    """A wish that cannot be granted as it stands; the message says what to do instead."""


@dataclass(frozen=True)
class Home:
    """The folders below LAKEWARDEN_HOME."""

    path: Path

    @classmethod
    def resolve(cls, option: str | None = None) -> Home:
        """The home that `--home`, else LAKEWARDEN_HOME, else `./lake` names; Refused for paths engines cannot use."""
        path = Path(option or os.environ.get("LAKEWARDEN_HOME") or "lake").expanduser().resolve()
        if not PLAIN.fullmatch(str(path)):
            raise Refused(
                f"{path}: the home's path may hold Latin letters, digits and . _ - only; name another with --home"
            )
        return cls(path)

    @property
    def landing(self) -> Path:
        """What departments drop, below <department>/<feed>/."""
        return self.path / "landing"

    @property
    def receipts(self) -> Path:
        """What departments read, below <department>/<feed>/."""
        return self.path / "receipts"

    @property
    def archive(self) -> Path:
        """Every file ever received, by content hash, unchanged."""
        return self.path / "archive"

    @property
    def warehouse(self) -> Path:
        """The Delta tables, at <layer>/<table>."""
        return self.path / "warehouse"

    @property
    def serving(self) -> Path:
        """The published file that dashboards read."""
        return self.path / "serving"

    @property
    def outbox(self) -> Path:
        """What goes to departments and the nation."""
        return self.path / "outbox"

    @property
    def docs(self) -> Path:
        """Data Docs and the dictionary."""
        return self.path / "docs"

    @property
    def logs(self) -> Path:
        """One log a service or tool."""
        return self.path / "logs"

    @property
    def state(self) -> Path:
        """Caches and the state of local services; nothing that cannot be rebuilt, except secrets."""
        return self.path / "state"

    def table(self, layer: str, name: str) -> Path:
        """Where a Delta table lies."""
        return self.warehouse / layer / name

    def create(self) -> None:
        """Makes the folders that every command relies on."""
        for folder in (self.landing, self.receipts, self.archive, self.warehouse, self.serving):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.outbox, self.docs, self.logs, self.state):
            folder.mkdir(parents=True, exist_ok=True)

    def must_exist(self) -> None:
        """Raises Refused where no Lakewarden home has been made."""
        if not self.table("ops", "delivery").exists():
            raise Refused(f"{self.path} is not a Lakewarden home yet; run lakewarden init or name another with --home")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the lake lock, waiting for whoever has it; a killed holder frees it."""
        self.state.mkdir(parents=True, exist_ok=True)
        with locked(self.state / "lake.lock", self.waiting):
            yield

    @property
    def waiting(self) -> str:
        """What whoever has to wait for another run reads."""
        return f"another run is at work in {self.path}; waiting for it\n"


@contextmanager
def locked(path: Path, note: str = "") -> Iterator[None]:
    """Holds a lock file, waiting for whoever has it, with a note to whoever waits; a killed holder frees it."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(note)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def now() -> datetime:
    """The moment of receipt, in UTC; LAKEWARDEN_NOW (ISO 8601) replaces the clock in replays and tests."""
    fixed = os.environ.get("LAKEWARDEN_NOW")
    return datetime.fromisoformat(fixed).astimezone(UTC) if fixed else datetime.now(UTC)


def end_of(day: date) -> datetime:
    """The moment at which a day in China is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), LOCAL).astimezone(UTC)


def today() -> date:
    """The business day in China; LAKEWARDEN_TODAY (YYYY-MM-DD) replaces the clock."""
    fixed = os.environ.get("LAKEWARDEN_TODAY")
    return date.fromisoformat(fixed) if fixed else datetime.now(LOCAL).date()
