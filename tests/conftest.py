from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_jobs.lake.home import Home
from spark_jobs.landing.land import make_landing_zone

# PySpark takes a process whose main module has no file for a run of its doctests; pytest-xdist's workers are such.
_main = sys.modules["__main__"]
if not hasattr(_main, "__file__"):
    _main.__file__ = __file__
    import pyspark.sql.connect  # noqa: F401

    del _main.__file__


@pytest.fixture(autouse=True, scope="session")
def _own_environment() -> None:
    """One engine for the test process; nothing of a test may reach a home or server of the machine's user."""
    for name in ("SPARK_REMOTE", "LAKEWARDEN_HOME", "LAKEWARDEN_NOW", "LAKEWARDEN_TODAY", "LAKEWARDEN_ENGINE"):
        os.environ.pop(name, None)
    # Tests write a file whole before they look for it.
    os.environ["LAKEWARDEN_QUIET"] = "0"


@pytest.fixture(scope="module")
def six_feeds() -> Iterator[None]:
    """The frozen contracts in the place of all: for what happens to any feed, in small lakes."""
    from tests.declaring import CONTRACTS, FROZEN, forget  # imports PySpark, which few tests need

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CONTRACTS, str(FROZEN))
        forget()
        yield
    forget()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home with its landing folders."""
    made = Home(tmp_path / "lake")
    make_landing_zone(made)
    return made
