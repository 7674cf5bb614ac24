"""dbt's parsed project flows into what is kept (lake/kept.py) and out again: parsing takes 11 seconds, reading 0.2.

Where a home's tables lie is told when statements run, so that one file serves all homes. It is dbt's own form of it:
msgpack, which holds data only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spark_jobs.lake.kept import Kept

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


class Parsed(Kept):
    """What is kept of the project as it is declared now."""

    def __init__(self) -> None:
        super().__init__("msgpack")

    def manifest(self) -> Manifest | None:
        """The parsed project, or None where it must be parsed."""
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        content = self.read()
        return None if content is None else Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)

    def keep_manifest(self, manifest: Manifest) -> None:
        """Keeps what was parsed since this object was made."""
        from dbt.parser.manifest import extended_mashumaro_encoder

        self.keep(manifest.to_msgpack(extended_mashumaro_encoder))
