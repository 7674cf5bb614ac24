"""dbt's parsed project flows into the checkout, and out again while all that it was parsed from is the same.

Parsing costs seven seconds, reading what was parsed a fifth of one; where a home's tables lie is told when statements
run, so that one file serves all homes. It is dbt's own form of it (msgpack, which holds data only), named by what it
was parsed from, behind a seal over both: half a file, or that of another version or contract, counts as none.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spark_jobs.lake.sources import ROOT, sources
from spark_jobs.lake.whole import writing

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

FOLDER = ROOT / "dbt_project" / "target" / "parsed"
# Contract folders that are used in turn; who was read last stays.
KEPT = 8


class Parsed:
    """What is kept of the project as it is declared now."""

    def __init__(self) -> None:
        self._inputs = sources()
        self.path: Path = FOLDER / f"{self._inputs[:16]}.msgpack"

    def read(self) -> Manifest | None:
        """The parsed project, or None where it must be parsed."""
        with suppress(FileNotFoundError):
            seal, _, content = self.path.read_bytes().partition(b"\n")
            if seal == self._seal(content):
                with suppress(OSError):  # a checkout of somebody else's
                    self.path.touch()
                from dbt.contracts.graph.manifest import Manifest
                from dbt.parser.manifest import extended_mashumuro_decoder

                return Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
        return None

    def keep(self, manifest: Manifest) -> None:
        """Keeps what was parsed since this object was made, and the newest few of the others."""
        from dbt.parser.manifest import extended_mashumaro_encoder

        content = manifest.to_msgpack(extended_mashumaro_encoder)
        FOLDER.mkdir(parents=True, exist_ok=True)
        with writing(self.path) as part:
            part.write_bytes(self._seal(content) + b"\n" + content)
        newest = sorted(FOLDER.glob("*.msgpack"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in newest[KEPT:]:
            file.unlink(missing_ok=True)

    def _seal(self, content: bytes) -> bytes:
        return hashlib.sha256(self._inputs.encode() + content).hexdigest().encode()
