"""Waiting that ends: a test that hangs says nothing, one that fails says what did not happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(what: str, happened: Callable[[], T], seconds: float = 60, pause: float = 0.005) -> T:
    """What `happened` returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (seen := happened()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(pause)
    return seen
