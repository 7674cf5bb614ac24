"""What follows from our own files alone flows into the checkout, and out again while those files are the same.

For what costs seconds to make and is the same for every home: dbt's parsed project, the empty tables. A file is named
by the fingerprint of our files (sources.py), behind a seal over both: half a file, or that of another version or
contract, counts as none.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from spark_jobs.lake.sources import ROOT, sources
from spark_jobs.lake.whole import writing

FOLDER = ROOT / "dbt_project" / "target" / "kept"
# Contract folders that are used in turn; who was read last stays.
NEWEST = 8


class Kept:
    """What is kept of one kind, for the files as they are now: bytes in, the same bytes out."""

    def __init__(self, kind: str) -> None:
        self._inputs = sources()
        self._kind = kind
        self.path: Path = FOLDER / f"{self._inputs[:16]}.{kind}"

    def read(self) -> bytes | None:
        """What was kept, or None where it must be made anew."""
        with suppress(FileNotFoundError):
            seal, _, content = self.path.read_bytes().partition(b"\n")
            if seal == self._seal(content):
                with suppress(OSError):
                    self.path.touch()
                return content
        return None

    def keep(self, content: bytes) -> None:
        """Keeps what was made since this object was, and the newest few of others of its kind.

        In a checkout that cannot be written to, of somebody else's or on a full disk, it is made anew each time.
        """
        with suppress(OSError):
            FOLDER.mkdir(parents=True, exist_ok=True)
            with writing(self.path) as part:
                part.write_bytes(self._seal(content) + b"\n" + content)
            newest = sorted(FOLDER.glob(f"*.{self._kind}"), key=lambda file: file.stat().st_mtime, reverse=True)
            for file in newest[NEWEST:]:
                file.unlink(missing_ok=True)

    def _seal(self, content: bytes) -> bytes:
        return hashlib.sha256(self._inputs.encode() + content).hexdigest().encode()
