"""Profiles flow in, verdicts flow out, by way of the gate's own process, which warms up while the engine works."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from expectations.verdict import Verdict
from schemas.contract import FeedContract
from spark_jobs.judging.figures import Figures
from spark_jobs.lake.home import Home


class GateFailed(Exception):
    """Great Expectations could not answer; the message holds the end of its log."""


# Files whose judging takes so long, and so much memory, that the gate (a quarter of a GiB) is started only after it.
LARGE = 512 << 20

_waiting: dict[Home, subprocess.Popen[str]] = {}


def call(home: Home, volume: int) -> None:
    """Starts the gate's process ahead of time, if the files to come, of `volume` bytes, do not take long to judge.

    The next Gatekeeper of that home takes it.
    """
    if home not in _waiting and volume < LARGE:
        _waiting[home] = process = _start(home)
        atexit.register(process.kill)


def _start(home: Home) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "expectations.gate", str(home.state / "quality"), str(home.docs / "quality")]
    home.logs.mkdir(parents=True, exist_ok=True)
    with _log(home).open("w") as log:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8"
        )


def _log(home: Home) -> Path:
    return home.logs / "quality.log"


class Gatekeeper:
    """Great Expectations in a process of its own, if need be started when it is first asked; leaving the context
    renders its Data Docs."""

    def __init__(self, home: Home) -> None:
        self.home, self.log = home, _log(home)
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Gatekeeper:
        return self

    def judge(self, contract: FeedContract, figures: dict[str, Figures]) -> list[Verdict]:
        """One verdict a delivery and bound of the contract, from the figures of each delivery."""
        self.process = process = self.process or _waiting.pop(self.home, None) or _start(self.home)
        assert process.stdin
        assert process.stdout
        profiles = [{"_delivery": delivery, **counted} for delivery, counted in figures.items()]
        asked = {"feed": contract.name, "profiles": profiles}
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._failure(process) from None
        answer = process.stdout.readline()
        if not answer:
            raise self._failure(process)
        return [Verdict(**verdict) for verdict in json.loads(answer)]

    def dismiss(self) -> None:
        """Lets the gate render its Data Docs; nothing more will be asked."""
        if self.process and self.process.stdin:
            self.process.stdin.close()
            self.process.stdin = None  # which communicate would flush

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is None:
            return
        if kind is not None:
            self.process.kill()
        self.process.communicate()
        if kind is None and self.process.returncode:
            raise self._failure(self.process)

    def _failure(self, process: subprocess.Popen[str]) -> GateFailed:
        process.wait()
        return GateFailed("\n".join(self.log.read_text().splitlines()[-15:]) or f"see {self.log}")
