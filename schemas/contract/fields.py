"""`fields.yaml` flows in; the nine fields (领域), and what makes an act or an object belong to each, flow out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field as Key
from pydantic import TypeAdapter, ValidationError

from schemas.contract.model import Strict
from schemas.contract.read import read_yaml, refusal
from schemas.folders import roots


class Field(Strict):
    """One field: who works in it, and what belongs to it (see the head of `fields.yaml`)."""

    file: Path
    title: str
    departments: tuple[str, ...] = Key(min_length=1)
    national: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    all_objects: bool = False


@cache
def fields() -> dict[str, Field]:
    """The fields by name, in the file's order; a further schemas folder may add some, or replace one."""
    read: dict[str, Field] = {}
    for path in (root / "fields.yaml" for root in roots()):
        if path.exists():
            try:
                read |= TypeAdapter(dict[str, Field]).validate_python(_with_file(path))
            except ValidationError as error:
                raise refusal(path, error) from None
    return read


def _with_file(path: Path) -> dict[str, Any]:
    """The entries of a file, each with the file that it stands in."""
    entries = read_yaml(path).items()
    return {name: {**entry, "file": path} if isinstance(entry, dict) else entry for name, entry in entries}
