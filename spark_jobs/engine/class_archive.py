"""The jars of a server flow in; the JVM option that loads their classes ready-made, or writes them down, flows out.

Reading and verifying 30,000 classes is a good part of what a short run costs Spark. A JVM can write what it has loaded
to an archive as it ends (AppCDS), and later ones map it: the first local server that ends in good order writes it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

SECONDS_TO_WRITE = 300


class ClassArchive:
    """The archive of exactly these files (Java itself and the jars): another one would be ignored by the JVM."""

    def __init__(self, folder: Path, files: Iterable[Path]) -> None:
        marks = (f"{file.resolve()} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in sorted(files))
        self._file = folder / f"classes-{hashlib.sha256('|'.join(marks).encode()).hexdigest()[:16]}.jsa"

    def option(self, process: int, may_write: bool) -> str:
        """For the JVM that this process becomes: to use the archive, or to write one; empty if it can do neither."""
        if self._file.exists():
            return f"-XX:SharedArchiveFile={self._file}"
        writes = may_write and os.access(self._file.parent, os.W_OK)
        return f"-XX:ArchiveClassesAtExit={self._draft(process)}" if writes else ""

    def is_due(self) -> bool:
        """Whether there is no archive yet."""
        return not self._file.exists()

    def keep(self, process: int, has_ended_well: bool) -> None:
        """Takes over what that process wrote as it ended, and removes what earlier ones left."""
        draft = self._draft(process)
        if not (draft.exists() and has_ended_well):
            draft.unlink(missing_ok=True)
            return
        draft.replace(self._file)
        for left in self._file.parent.glob("classes-*"):
            if left != self._file:
                left.unlink()

    def _draft(self, process: int) -> Path:
        return self._file.with_suffix(f".{process}.part")
