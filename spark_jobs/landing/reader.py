"""Files from strangers flow in; other processes read them, and what they make of each flows out, or its refusal.

Such a process has a limit on memory and on time without a row read; if it dies or hangs, the next file gets a new one.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from schemas.contract import FeedContract, Limits
from spark_jobs.lake.lean import lean_environment
from spark_jobs.lake.ledger import Delivery
from spark_jobs.landing.formats.packed import Member, is_packed
from spark_jobs.landing.formats.sheet import Unreadable
from spark_jobs.landing.formats.staging import Staged

__all__ = ["Member", "Reader", "Readers", "Staged", "Unreadable", "is_packed"]

Result = TypeVar("Result")

COMMAND = [sys.executable, "-P", "-m", "spark_jobs.landing.formats"]
TRIES, SECONDS_TO_START = 3, 120
KILLS = (-signal.SIGKILL, -signal.SIGTERM)
OUT_OF_MEMORY = ("memory allocation of", "MemoryError", "bad_alloc", "Cannot allocate memory")


class _Killed(Exception):
    """The process was killed from outside; the file has done nothing."""


class Reader:
    """Reads files in a process of its own; a context manager, for one thread: the process ends with it."""

    def __init__(self, logs: Path) -> None:
        self._log = logs / "reader.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._is_up = self._is_stopped = False
        self._held = b""

    def __enter__(self) -> Reader:
        """Lets the process start, which takes as long as copying a large file into the archive."""
        self._launch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process that reads, while there is one."""
        return self._process.pid if self._process else None

    def stage(self, contract: FeedContract, delivery: Delivery, source: Path, target: Path) -> Staged:
        """Writes the file's rows as the Parquet file that its bronze commit adds; raises Unreadable."""
        fields = {
            "delivery": delivery.delivery,
            "department": delivery.department,
            "received_at": delivery.received_at.isoformat(),
            "target": str(target.absolute()),
        }
        try:
            return Staged(**self._ask("stage", contract, source, delivery.file_name, fields))
        finally:
            target.with_name(f"{target.name}.part").unlink(missing_ok=True)

    def unpack(self, contract: FeedContract, source: Path, name: str, into: Path) -> list[Member]:
        """Writes what a packed file holds to `into/<sha256>`; raises Unreadable."""
        try:
            members = self._ask("unpack", contract, source, name, {"into": str(into.absolute())})
        finally:
            (into / ".member.part").unlink(missing_ok=True)
        return [Member(**{**member, "path": Path(member["path"])}) for member in members]

    def stop(self) -> None:
        """Lets another thread, which waits for a file to be read, do so no longer."""
        self._is_stopped = True
        if self._process:
            self._process.kill()

    def close(self) -> None:
        """Ends the process."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
        self._process, self._is_up, self._held = None, False, b""

    def _ask(self, do: str, contract: FeedContract, source: Path, name: str, fields: dict[str, str]) -> Any:
        request = {"do": do, "contract": contract.model_dump_json(by_alias=True), "name": name, **fields}
        line = json.dumps({**request, "source": str(source.absolute())}).encode() + b"\n"
        limits = contract.delivery.limits if contract.delivery else Limits()
        for _ in range(TRIES):
            try:
                return _read_answer(self._answer(line, limits), limits)
            except _Killed:
                if self._is_stopped:
                    raise
        raise Unreadable("读取该文件的程序多次被系统终止，很可能是文件需要的内存过多。请拆分后重新报送。")

    def _answer(self, line: bytes, limits: Limits) -> dict[str, Any]:
        """What the process says of a request, once it has ended with it."""
        process = self._up()
        self._send(process, line)
        try:
            answer: dict[str, Any] = {"beat": True}
            while "beat" in answer:
                answer = self._next(process, limits.seconds)
        except EOFError:
            raise self._cause_of_death(process, limits) from None
        except BaseException:
            self.close()
            raise
        if not {"done", "refused"} & answer.keys():
            self.close()
        return answer

    def _send(self, process: subprocess.Popen[bytes], line: bytes) -> None:
        assert process.stdin
        unsent = memoryview(line)
        try:
            while unsent:
                unsent = unsent[os.write(process.stdin.fileno(), unsent) :]
        except BrokenPipeError:
            self.close()
            raise _Killed from None

    def _launch(self) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                COMMAND,
                cwd="/",
                env=lean_environment(),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    def _up(self) -> subprocess.Popen[bytes]:
        """The process, once it has said that it is ready."""
        process = self._process or self._launch()
        if not self._is_up:
            try:
                self._next(process, SECONDS_TO_START)
            except (EOFError, Unreadable) as failure:
                is_killed = isinstance(failure, EOFError) and process.wait() in KILLS
                self.close()
                if is_killed:
                    raise _Killed from None
                raise RuntimeError(f"the process that reads files does not start: see {self._log}") from None
            self._is_up = True
        return process

    def _next(self, process: subprocess.Popen[bytes], seconds: int) -> dict[str, Any]:
        """The next line; Unreadable if none comes in time, EOFError if the process has ended."""
        assert process.stdout
        waited = 0
        while b"\n" not in self._held:
            # Waiting in short steps: time in which either process was stopped, or the machine slept, is nobody's fault.
            if select.select([process.stdout], [], [], 1)[0]:
                if not (read := os.read(process.stdout.fileno(), 1 << 16)):
                    raise EOFError
                self._held += read
            elif not _is_stopped(process.pid):
                waited += 1
                if waited >= seconds:
                    raise Unreadable(
                        f"读取该文件时没有进展的时间超过上限 {seconds:,} 秒（limits.seconds）。请拆分后重新报送。"
                    )
        line, _, self._held = self._held.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _cause_of_death(self, process: subprocess.Popen[bytes], limits: Limits) -> Exception:
        """Why the process ended in the middle of a file."""
        code = process.wait()
        self.close()
        if code == -signal.SIGABRT and any(sign in self._last_words() for sign in OUT_OF_MEMORY):
            return too_much_memory(limits)
        if code in KILLS:
            return _Killed()
        return Unreadable(f"文件使读取程序异常终止（{_ending(code)}），可能已损坏。请重新导出后报送。")

    def _last_words(self) -> str:
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            return log.read().decode(errors="replace")


class Readers:
    """Readers that read a file each at the same time; a context manager: their processes end with it."""

    def __init__(self, logs: Path, count: int) -> None:
        self._all = [Reader(logs) for _ in range(count)]
        self._threads = ThreadPoolExecutor(count)
        self._idle: SimpleQueue[Reader] = SimpleQueue()
        for reader in self._all:
            self._idle.put(reader)

    def __enter__(self) -> Readers:
        """Lets the first process start; the others do when there is a file for them."""
        self._all[0].__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._all:
            reader.stop()
        self._threads.shutdown(cancel_futures=True)
        for reader in self._all:
            reader.close()

    @contextmanager
    def idle(self) -> Iterator[Reader]:
        """A reader that has nothing to do, once there is one."""
        reader = self._idle.get()
        try:
            yield reader
        finally:
            self._idle.put(reader)

    def submit(self, work: Callable[[Reader], Result]) -> Future[Result]:
        """Does the work with one of the readers, in a thread of its own."""

        def done() -> Result:
            with self.idle() as reader:
                return work(reader)

        return self._threads.submit(done)


def too_much_memory(limits: Limits) -> Unreadable:
    """The refusal of a file that takes more memory than allowed."""
    return Unreadable(f"读取该文件需要的内存超过上限 {limits.memory:,} 字节（limits.memory）。请拆分后重新报送。")


def _read_answer(answer: dict[str, Any], limits: Limits) -> Any:
    """What was done; raises what went wrong, by whose fault it was."""
    if "done" in answer:
        return answer["done"]
    if "refused" in answer:
        raise Unreadable(answer["refused"])
    if "exhausted" in answer or answer.get("errno") == errno.ENOMEM:
        raise too_much_memory(limits)
    if answer.get("errno") == errno.EFBIG:
        raise Unreadable(f"读取该文件写出的数据超过上限 {limits.unpacked_bytes:,} 字节（limits.unpacked_bytes）。")
    if "errno" in answer:
        raise OSError(answer["errno"], answer["strerror"], answer["filename"] or None)
    raise Unreadable(f"文件无法读取（{answer['failed']}），可能已损坏。请重新导出后报送。")


def _is_stopped(pid: int) -> bool:
    """Whether somebody has stopped the process (SIGSTOP); it is not to be blamed for the time."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] in ("T", "t")


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"代码 {code}"
