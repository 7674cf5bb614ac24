"""All that is declared flows in: contracts, what they mean, models, macros; one fingerprint of it flows out."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from schemas.contract import SCHEMAS, roots

PROJECT = SCHEMAS.parent / "dbt_project"


def declared() -> str:
    """Another text whenever anything is declared otherwise; read once a process and set of schemas folders."""
    return _fingerprint(roots())


@cache
def _fingerprint(folders: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    kinds = [(PROJECT / "models", "*.sql"), (PROJECT / "macros", "*.sql"), (PROJECT / "render", "*.py")]
    kinds += [(SCHEMAS / "contract", "*.py"), *((root, "*.yaml") for root in folders)]
    for folder, pattern in kinds:
        # What is rendered follows from the contracts, and is not there yet when a fresh tree is first asked.
        for path in sorted(path for path in folder.rglob(pattern) if "_rendered" not in path.parts):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
