"""Archived files flow in; what reading them found flows out, by way of a process that may die of any of them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from schemas.contract import Contract, Limits
from spark_jobs.formats.packed import Member, is_packed
from spark_jobs.formats.sheet import Unreadable
from spark_jobs.formats.staging import Staged
from spark_jobs.ledger import Delivery

__all__ = ["Member", "Reader", "Staged", "is_packed"]

# What the process needs of its surroundings; allocators that give memory back and keep to the limit.
KEPT = ("PATH", "LANG", "PYTHONPATH", "LAKEWARDEN_SCHEMAS", "PYTHONDONTWRITEBYTECODE")
ALLOCATORS = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
READ = 1 << 16


class Reader:
    """Reads strangers' files in a process of its own, with limits of memory and time; a new one after every death."""

    def __init__(self, logs: Path) -> None:
        self.log = logs / "reader.log"
        logs.mkdir(parents=True, exist_ok=True)
        self.process = self._start()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def stage(self, contract: Contract, delivery: Delivery, source: Path, target: Path) -> Staged:
        """Writes the rows of `source` as the Parquet file `target`; `delivery.file_name` says its format.

        Raises Unreadable for what is the file's fault, OSError for what is the machine's.
        """
        plain = json.loads(json.dumps(asdict(delivery), default=datetime.isoformat))
        asked = {"do": "stage", "delivery": plain, "target": str(target)}
        try:
            return Staged(**self._ask(contract, source, asked))
        except BaseException:
            target.with_suffix(".part").unlink(missing_ok=True)
            raise

    def unpack(self, contract: Contract, source: Path, name: str, into: Path) -> list[Member]:
        """Puts the files of an archive into a folder; raises as `stage` does."""
        found = self._ask(contract, source, {"do": "unpack", "name": name, "into": str(into)})
        return [Member(**{**member, "path": Path(member["path"])}) for member in found["members"]]

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | ALLOCATORS
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "spark_jobs.formats"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path(__file__).parent.parent,
                env=environment,
                start_new_session=True,
            )

    def _end(self) -> int:
        self.process.kill()
        assert self.process.stdin
        assert self.process.stdout
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()
        return self.process.wait()

    def _ask(self, contract: Contract, source: Path, asked: dict[str, Any]) -> dict[str, Any]:
        limits = contract.delivery.limits if contract.delivery else Limits()
        assert self.process.stdin
        request = json.dumps({"feed": contract.name, "source": str(source), **asked}).encode() + b"\n"
        try:
            self.process.stdin.write(request)
            self.process.stdin.flush()
            answer = self._answer(limits)
        except (_TooSlow, BrokenPipeError, EOFError) as death:
            self._end()
            self.process = self._start()
            raise Unreadable(_epitaph(limits, death)) from None
        if "errno" in answer:
            raise OSError(answer["errno"], answer["error"], answer["file"])
        if "memory" in answer:
            raise Unreadable(_too_large(limits))
        if "refused" in answer:
            raise Unreadable(answer["refused"])
        return answer

    def _answer(self, limits: Limits) -> dict[str, Any]:
        """The answer, for which beats may be waited; raises _TooSlow after a silence, EOFError at a death."""
        assert self.process.stdout
        output, text = self.process.stdout.fileno(), b""
        while True:
            if not select.select([output], [], [], limits.seconds)[0]:
                raise _TooSlow
            chunk = os.read(output, READ)
            if not chunk:
                raise EOFError
            text += chunk
            while b"\n" in text:
                line, text = text.split(b"\n", 1)
                answer: dict[str, Any] = json.loads(line)
                if "beat" not in answer:
                    return answer


class _TooSlow(Exception):
    """Nothing was heard for as long as the contract allows."""


def _epitaph(limits: Limits, death: BaseException) -> str:
    if isinstance(death, _TooSlow):
        return f"读取文件时超过 {limits.seconds} 秒没有进展，超过上限（limits.seconds）。请拆分或重新导出后报送。"
    return _too_large(limits)


def _too_large(limits: Limits) -> str:
    return f"读取此文件所需的内存超过上限 {limits.memory:,} 字节（limits.memory）。请拆分或重新导出后报送。"
