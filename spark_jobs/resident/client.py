"""A stage flows in; what the home's worker says it came to flows out, or nothing where it has to be done here.

This is all that a process needs which has its stages done: it imports neither tables nor engine nor dbt.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from spark_jobs.lake.home import Home
from spark_jobs.resident.door import knock
from spark_jobs.resident.order import Maker, Order, our_settings
from spark_jobs.stage_report import StageReport


def ask(home: Home, stage: str, chosen: Mapping[str, str | bool | None]) -> StageReport | None:
    """The worker's report; raises what went wrong there. None if there is no worker, or not one that is made as we are.

    Where the worker ends in the middle, that is said: stages bear being killed, so the stage is done once more.
    """
    connection = knock(home)
    if connection is None:
        return None
    with connection:
        try:
            connection.send(asdict(Maker.here(home)))
            if not connection.recv():
                return None
            connection.send(asdict(Order(stage, chosen, our_settings())))
            kind, answer = _answer(connection)
        except (EOFError, ConnectionError):
            sys.stderr.write(f"the worker ended in the middle of {stage}, which is done again here\n")
            return None
    if kind == "raised":
        raise answer
    report: StageReport = answer
    return report


def answers(home: Home) -> bool:
    """Whether a worker of the home answers now."""
    connection = knock(home)
    if connection is not None:
        connection.close()
    return connection is not None


def _answer(connection: Connection) -> tuple[str, Any]:
    """The report or the error, after everything that was said before it."""
    while True:
        kind, answer = connection.recv()
        if kind != "said":
            return kind, answer
        sys.stderr.write(answer)
