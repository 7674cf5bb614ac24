"""Requests flow in as JSON lines, answers flow out: the process in which strangers' files are read.

Run by spark_jobs/reader.py. Every request sets the memory that it may take; a beat is written while work goes on.
"""

from __future__ import annotations

import ctypes
import json
import resource
import signal
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.contract import Limits, feeds
from spark_jobs.formats.packed import unpack
from spark_jobs.formats.sheet import Unreadable
from spark_jobs.formats.staging import stage
from spark_jobs.ledger import Delivery

PR_SET_PDEATHSIG = 1
BEAT = 0.5


def main() -> None:
    """Answers until its input ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers, sys.stdout = sys.stdout, sys.stderr

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    rest = _private_bytes()
    for line in sys.stdin:
        say(_answer(json.loads(line), rest, _Beat(say)))


class _Beat:
    """Says now and then that work goes on."""

    def __init__(self, say: Any) -> None:
        self.say, self.last = say, time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self.last > BEAT:
            self.last = time.monotonic()
            self.say({"beat": True})


def _answer(asked: dict[str, Any], rest: int, beat: _Beat) -> dict[str, Any]:
    contract = feeds()[asked["feed"]]
    limits = contract.delivery.limits if contract.delivery else Limits()
    resource.setrlimit(resource.RLIMIT_DATA, (rest + limits.memory, resource.RLIM_INFINITY))
    source = Path(asked["source"])
    try:
        if asked["do"] == "unpack":
            members = unpack(source, asked["name"], Path(asked["into"]), limits, beat)
            return {"members": [{**asdict(member), "path": str(member.path)} for member in members]}
        received = datetime.fromisoformat(asked["delivery"]["received_at"])
        delivery = Delivery(**{**asked["delivery"], "received_at": received})
        return asdict(stage(contract, delivery, source, Path(asked["target"]), beat))
    except Unreadable as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"memory": limits.memory}
    except OSError as error:
        return {"errno": error.errno, "error": str(error), "file": str(error.filename or source)}
    except Exception as error:
        return {"refused": f"文件无法读取（{type(error).__name__}: {str(error)[:200]}）。请重新导出后报送。"}


def _private_bytes() -> int:
    """What the limit counts (RLIMIT_DATA), as it stands before any file was read."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmData:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main()
