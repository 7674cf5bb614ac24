"""A stage and the process that wishes it flow in; what a worker must know of both flows out, as plain values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from schemas.folders import roots
from spark_jobs.lake.home import Home
from spark_jobs.lake.sources import sources

OURS = "LAKEWARDEN_"
EMBEDDED = "sail"


@dataclass(frozen=True)
class Maker:
    """What a process is made of: a stage means the same in another one only if all of this is the same."""

    home: str
    contracts: str
    sources: str
    engine: str
    """What LAKEWARDEN_ENGINE asks for."""
    remote: str
    """What SPARK_REMOTE asks for; empty: an engine of one's own."""

    @classmethod
    def here(cls, home: Home) -> Maker:
        """This process."""
        return cls(
            home=str(home.path),
            contracts=os.pathsep.join(map(str, roots())),
            sources=sources(),
            engine=os.environ.get("LAKEWARDEN_ENGINE") or EMBEDDED,
            remote=os.environ.get("SPARK_REMOTE", ""),
        )


@dataclass(frozen=True)
class Order:
    """A stage by its name, what was chosen for it, and our settings of who wishes it."""

    stage: str
    chosen: Mapping[str, str | bool | None]
    settings: Mapping[str, str]


class Reported(Exception):
    """An error that cannot travel from one process to another: raised there as one of the same name and words."""

    def __reduce__(self) -> tuple[Callable[..., Exception], tuple[str, str], dict[str, Any]]:
        return _raisable, (*self.args,), self.__dict__


def _raisable(name: str, words: str) -> Exception:
    error: Exception = type(name, (Exception,), {})(words)
    return error


def our_settings() -> dict[str, str]:
    """The variables of this process that are ours."""
    return {name: value for name, value in os.environ.items() if name.startswith(OURS)}


@contextmanager
def settings(wished: Mapping[str, str]) -> Iterator[None]:
    """Gives this process the settings of another one for a while."""
    before = our_settings()
    _become(wished)
    try:
        yield
    finally:
        _become(before)


def _become(wished: Mapping[str, str]) -> None:
    for name in our_settings().keys() - wished.keys():
        del os.environ[name]
    os.environ.update(wished)
