"""The environment flows in; the folders that contracts, departments and code lists are read from flow out."""

from __future__ import annotations

import os
from pathlib import Path

SCHEMAS = Path(__file__).parent
INSTEAD, FURTHER = "LAKEWARDEN_CONTRACTS", "LAKEWARDEN_SCHEMAS"
# What may lie in such a folder; one that has none of it was not meant.
DECLARED = (
    *("departments.yaml", "fields.yaml", "terms", "codes", "feeds"),
    *("base", "themes", "gold", "ops", "indicators", "risk", "studies", "clues"),
)


def roots() -> tuple[Path, ...]:
    """This folder, or what LAKEWARDEN_CONTRACTS puts in its place; then those that LAKEWARDEN_SCHEMAS adds."""
    instead, further = (os.environ.get(name, "") for name in (INSTEAD, FURTHER))
    first = Path(instead).expanduser().resolve() if instead else SCHEMAS
    return (first, *(Path(folder).expanduser().resolve() for folder in further.split(os.pathsep) if folder))


def misnamed() -> list[str]:
    """A sentence for each folder that the environment names and that holds no declarations."""
    first, *further = roots()
    named = [(INSTEAD, first)] * (first != SCHEMAS) + [(FURTHER, folder) for folder in further]
    return [
        f"{variable}: {folder} {'holds no contracts' if folder.is_dir() else 'is no folder'}; correct it or unset it"
        for variable, folder in named
        if not any((folder / name).exists() for name in DECLARED)
    ]
