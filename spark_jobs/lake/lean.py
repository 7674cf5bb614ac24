"""What a process of ours starts with that does nothing but read and write Arrow: little memory, one core."""

from __future__ import annotations

import os
from pathlib import Path

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
