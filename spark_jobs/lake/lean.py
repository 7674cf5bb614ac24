"""What a process of ours starts with that does nothing but read and write Arrow: little memory, one core."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
_INHERITED = ("PATH", "TZ", "TZDIR", "LD_LIBRARY_PATH", "LAKEWARDEN_CONTRACTS", "LAKEWARDEN_SCHEMAS")
_OWN = {
    "PYTHONPATH": str(ROOT),
    "PYTHONUTF8": "1",
    "LC_ALL": "C.UTF-8",
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # the only pool that says so when a limit is reached
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),  # larger pieces go back to the system at once
    "OMP_NUM_THREADS": "1",
}


def lean_environment() -> dict[str, str]:
    """Its environment variables."""
    return {**{name: os.environ[name] for name in _INHERITED if name in os.environ}, **_OWN}


def leave_pandas_out() -> None:
    """Keeps pyarrow from importing pandas, only to see whether a list is one of its series: a quarter of a second."""
    sys.meta_path.insert(0, _WithoutPandas())


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is left out of this process", name=fullname)
