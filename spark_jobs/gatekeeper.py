"""Profiles flow in, verdicts flow out, by way of the gate's own process, which warms up while the engine works."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from expectations.verdict import Verdict
from schemas.contract import Contract
from spark_jobs.home import Home
from spark_jobs.profile import Figures


class GateFailed(Exception):
    """Great Expectations could not answer; the message holds the end of its log."""


_waiting: dict[Home, subprocess.Popen[str]] = {}


def call(home: Home) -> None:
    """Starts the gate's process ahead of time; the next Gatekeeper of that home takes it."""
    if home not in _waiting:
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
    """Great Expectations in a process of its own; leaving the context renders its Data Docs."""

    def __init__(self, home: Home) -> None:
        self.log = _log(home)
        self.process = _waiting.pop(home) if home in _waiting else _start(home)

    def __enter__(self) -> Gatekeeper:
        return self

    def judge(self, contract: Contract, figures: dict[str, Figures]) -> list[Verdict]:
        """One verdict a delivery and bound of the contract, from the figures of each delivery."""
        assert self.process.stdin
        assert self.process.stdout
        profiles = [{"_delivery": delivery, **counted} for delivery, counted in figures.items()]
        asked = {"feed": contract.name, "profiles": profiles}
        try:
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None
        answer = self.process.stdout.readline()
        if not answer:
            raise self._failure()
        return [Verdict(**verdict) for verdict in json.loads(answer)]

    def dismiss(self) -> None:
        """Lets the gate render its Data Docs; nothing more will be asked."""
        if self.process.stdin:
            self.process.stdin.close()
            self.process.stdin = None  # which communicate would flush

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        self.process.communicate()
        if kind is None and self.process.returncode:
            raise self._failure()

    def _failure(self) -> GateFailed:
        self.process.wait()
        return GateFailed("\n".join(self.log.read_text().splitlines()[-15:]) or f"see {self.log}")
