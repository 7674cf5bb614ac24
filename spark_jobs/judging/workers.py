"""Units of work flow in; what each came to flows out, worked out here or by two processes of our own.

Such a process is `python -m spark_jobs.judging.workers`: it reads units on standard input and answers on standard
output, pickled, and ends when the input does.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

import pyarrow as pa

from spark_jobs.judging.units import Outcome, Unit, judge_unit
from spark_jobs.lake.lean import lean_environment, leave_pandas_out

COMMAND = [sys.executable, "-P", "-m", "spark_jobs.judging.workers"]
WORKERS = 2


class WorkerFailed(Exception):
    """A process that judges ended, or met what it did not foresee; the message says how and where its log lies."""


def judge_units(units: Sequence[Unit], logs: Path, *, here: bool) -> list[Outcome]:
    """What each unit came to, in their order; `here`: they are not worth the start of other processes."""
    if here:
        return [judge_unit(unit) for unit in units]
    idle: SimpleQueue[_Worker] = SimpleQueue()
    with _Worker(logs) as one, _Worker(logs) as other:
        for worker in (one, other):
            idle.put(worker)

        def judged(unit: Unit) -> Outcome:
            worker = idle.get()
            try:
                return worker.judge(unit)
            finally:
                idle.put(worker)

        with ThreadPoolExecutor(WORKERS) as threads:
            return list(threads.map(judged, units))


class _Worker:
    """A process that judges one unit after the other; a context manager: it ends with it."""

    def __init__(self, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._log = logs / "judging.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                COMMAND, cwd="/", env=lean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )

    def __enter__(self) -> _Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def judge(self, unit: Unit) -> Outcome:
        """What the unit came to; raises what went wrong."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            pickle.dump(unit, self._process.stdin)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)  # noqa: S301 - it comes from our own process
        except (EOFError, BrokenPipeError):
            code = self._process.wait()
            raise WorkerFailed(
                f"{unit.contract.name}: the process that judges its rows ended with code {code}; see {self._log}"
            ) from None
        if isinstance(answer, Outcome):
            return answer
        raise answer


def main() -> None:
    """Answers units on standard input with outcomes, or with what went wrong, on standard output."""
    leave_pandas_out()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while True:
        try:
            unit: Unit = pickle.load(sys.stdin.buffer)  # noqa: S301 - it comes from the process that started this one
        except EOFError:
            return
        answer: Outcome | Exception
        try:
            answer = judge_unit(unit)
        except OSError as error:
            answer = error
        except Exception as error:
            traceback.print_exc()
            answer = WorkerFailed(f"{unit.contract.name}: {type(error).__name__}: {error}")
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
