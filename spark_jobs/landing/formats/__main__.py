"""Requests flow in by standard input, one JSON a line; files are read, and what became of each flows out likewise.

This process reads what strangers wrote. It ends with whoever started it, and it may only take so much memory.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import sys
import traceback
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from schemas.contract import FeedContract
from spark_jobs.lake.lean import leave_pandas_out
from spark_jobs.landing.formats.packed import unpack
from spark_jobs.landing.formats.sheet import Source, Unreadable
from spark_jobs.landing.formats.staging import Origin, stage

PR_SET_PDEATHSIG = 1
OPEN_FILES = 64


def main() -> None:
    """Answers requests until there are no more."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not pass for an answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    leave_pandas_out()
    pa.set_cpu_count(2)
    pa.set_io_thread_count(1)
    at_rest = _taken()
    _say(answers, beat=True)
    for line in sys.stdin.buffer:
        _say(answers, **_answer(json.loads(line), at_rest, answers))


def _say(answers: TextIO, **answer: object) -> None:
    print(json.dumps(answer), file=answers, flush=True)


def _answer(request: dict[str, Any], at_rest: int, answers: TextIO) -> dict[str, object]:
    """What became of one file: `done`, `refused`, or what is wrong with the machine rather than the file."""
    source = Source(
        Path(request["source"]),
        request["name"],
        FeedContract.model_validate_json(request["contract"]),
        lambda: _say(answers, beat=True),
    )
    _limit(at_rest, source)
    try:
        return {"done": _do(request, source)}
    except Unreadable as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"exhausted": True}
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # which a broken file brings about, by places that are none
            return {"errno": error.errno, "strerror": error.strerror, "filename": str(error.filename or "")}
        traceback.print_exc()
        return {"failed": type(error).__name__}
    except BaseException as error:  # whatever a file brings about, Rust's panics too, is that file's verdict alone
        traceback.print_exc()
        return {"failed": type(error).__name__}


def _do(request: dict[str, Any], source: Source) -> object:
    if request["do"] == "unpack":
        return [{**asdict(member), "path": str(member.path)} for member in unpack(source, Path(request["into"]))]
    received_at = datetime.fromisoformat(request["received_at"])
    origin = Origin(request["delivery"], request["department"], received_at)
    return asdict(stage(source, origin, Path(request["target"])))


def _taken() -> int:
    """The bytes of writable memory that the process has taken."""
    status = Path("/proc/self/status").read_text()
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:"))


def _limit(at_rest: int, source: Source) -> None:
    """What this file may take, above what the process takes anyway."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (at_rest + source.limits.memory, most))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * source.limits.unpacked_bytes, most))


main()
