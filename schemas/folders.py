"""The environment flows in; the folders that contracts, departments and code lists are read from flow out."""

from __future__ import annotations

import os
from pathlib import Path

SCHEMAS = Path(__file__).parent


def roots() -> tuple[Path, ...]:
    """This folder, or what LAKEWARDEN_CONTRACTS puts in its place; then those that LAKEWARDEN_SCHEMAS adds."""
    instead, further = (os.environ.get(name, "") for name in ("LAKEWARDEN_CONTRACTS", "LAKEWARDEN_SCHEMAS"))
    first = Path(instead).expanduser().resolve() if instead else SCHEMAS
    return (first, *(Path(folder).expanduser().resolve() for folder in further.split(os.pathsep) if folder))
