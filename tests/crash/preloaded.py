"""Words of a command flow in; a real process that runs them flows out, forked from one that has imported everything.

Importing takes as long as a small run; `kill -9` ends a forked process like any other. Run as a module this is the
process that forks: it reads one JSON line a command, and answers with the process and, later, how it ended.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from spark_jobs.lake import upkeep

# Of what a run imports, what takes longest and needs no thread of its own.
IMPORTS = (
    "dbt.adapters.spark",
    "dbt.cli.main",
    "duckdb",
    "pandas",
    "pyspark.sql.connect.session",
    "spark_jobs.building.views",
    "spark_jobs.command.cli",
    "spark_jobs.serving.publish",
    "spark_jobs.building.score",
    "spark_jobs.judging.settle",
)
# Tables of so few files are compacted, so that kills hit that too.
COMPACTED = 2


@dataclass
class Run:
    """One `lakewarden` command at work, in a session of its own; what it says is in the file `said`."""

    runner: Runner
    pid: int
    said: Path

    @property
    def words(self) -> str:
        """What it has said so far."""
        return self.said.read_text(encoding="utf-8", errors="replace")

    def wait(self, seconds: float) -> int | None:
        """Its exit code (negative: the signal that ended it), or None if it is still at work after so long."""
        return self.runner.ended(self.pid, seconds)

    def kill(self, whole_family: bool = True) -> list[psutil.Process]:
        """kill -9: the process with its children, or it alone; returns the children."""
        children = self.signal(signal.SIGKILL, whole_family)
        self.wait(60)
        return children

    def signal(self, number: signal.Signals, whole_family: bool = True) -> list[psutil.Process]:
        """Sends a signal, to its children too or to it alone; who has ended needs none. Returns the children."""
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            children = psutil.Process(self.pid).children(recursive=True)
            os.kill(self.pid, number)
        for child in children if whole_family else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.send_signal(number)
        return children


@dataclass
class Runner:
    """Starts commands; leaving the context ends the process that forks, not what it has forked."""

    codes: dict[int, int] = field(default_factory=dict)

    def __enter__(self) -> Runner:
        command = [sys.executable, "-m", "tests.crash.preloaded"]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.communicate()

    def start(self, home: Path, *words: str, said: Path, **environment: str) -> Run:
        """Starts `lakewarden --home HOME WORDS`; `environment` is added to this process's."""
        said.write_text("")
        asked = {"home": str(home), "words": words, "said": str(said), "environment": {**os.environ, **environment}}
        assert self.server.stdin
        self.server.stdin.write(json.dumps(asked).encode() + b"\n")
        while "started" not in (answer := self._answer()):
            pass
        return Run(self, answer["started"], said)

    def ended(self, pid: int, seconds: float) -> int | None:
        """How that process ended, if it does within so many seconds."""
        until = time.monotonic() + seconds
        while pid not in self.codes:
            ready, _, _ = select.select([self.server.stdout], [], [], max(0, until - time.monotonic()))
            if not ready:
                return None
            self._answer()
        return self.codes[pid]

    def _answer(self) -> dict[str, Any]:
        assert self.server.stdout
        answer: dict[str, Any] = json.loads(self.server.stdout.readline())
        if "ended" in answer:
            self.codes[answer["ended"]] = answer["code"]
        return answer


def _serve() -> None:
    for name in IMPORTS:
        importlib.import_module(name)
    upkeep.FEWEST = COMPACTED
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    alive: set[int] = set()
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_ends(alive)
        if 0 in ready:
            asked = sys.stdin.buffer.raw.readline()  # type: ignore[attr-defined]
            if not asked:
                return
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                _work(**json.loads(asked))
            alive.add(pid)
            _tell({"started": pid})


def _tell_ends(alive: set[int]) -> None:
    for pid in list(alive):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            alive.remove(pid)
            _tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(answer: dict[str, int]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _work(home: str, words: list[str], said: str, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(said, os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, file in ((0, nothing), (1, output), (2, output)):
        os.dup2(file, stream)
    os.closerange(3, 256)
    from spark_jobs.command.cli import main

    code: object = 0
    try:
        main(["--home", home, *words], prog_name="lakewarden")
    except SystemExit as ended:
        code = ended.code
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
        code = 70
    sys.stderr.flush()
    atexit._run_exitfuncs()
    os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    _serve()
