"""dbt's parsed project flows into the home's state, and out again while all that it was parsed from is the same.

Parsing costs seconds in every process, reading what was parsed a tenth of one. The file is dbt's own form of it
(msgpack, which holds data only), behind a seal over it and over what it was parsed from: half a file, or that of
another home, version or contract, does not have it and counts as none.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spark_jobs.lake.home import Home
from spark_jobs.lake.sources import sources
from spark_jobs.lake.whole import writing

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


class Parsed:
    """What a home keeps of the project as it is declared now, its tables lying where they lie now."""

    def __init__(self, home: Home) -> None:
        self._path: Path = home.state / "dbt" / "parsed.msgpack"
        self._inputs = f"{home.warehouse} {sources()}"

    def read(self) -> Manifest | None:
        """The parsed project, or None where it must be parsed."""
        with suppress(FileNotFoundError):
            seal, _, content = self._path.read_bytes().partition(b"\n")
            if seal == self._seal(content):
                from dbt.contracts.graph.manifest import Manifest
                from dbt.parser.manifest import extended_mashumuro_decoder

                return Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
        return None

    def keep(self, manifest: Manifest) -> None:
        """Keeps what was parsed since this object was made."""
        from dbt.parser.manifest import extended_mashumaro_encoder

        content = manifest.to_msgpack(extended_mashumaro_encoder)
        with writing(self._path) as part:
            part.write_bytes(self._seal(content) + b"\n" + content)

    def _seal(self, content: bytes) -> bytes:
        return hashlib.sha256(self._inputs.encode() + content).hexdigest().encode()
