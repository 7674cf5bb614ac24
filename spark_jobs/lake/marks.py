"""What something was last built from flows in; whether that still is so flows out: a cache, which may be lost."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spark_jobs.lake.whole import write_whole


@dataclass(frozen=True)
class Mark:
    """The inputs of the newest build, kept in a file; without it, or with half of it, the build is done again."""

    path: Path
    inputs: dict[str, str]

    def is_current(self) -> bool:
        """Whether the newest build had these inputs."""
        return self._kept() == self.inputs

    def changed(self) -> set[str]:
        """Those of the inputs that the newest build had otherwise, or not at all."""
        kept = self._kept()
        return {name for name, value in self.inputs.items() if kept.get(name) != value}

    def keep(self) -> None:
        """Says that they are built."""
        write_whole(self.path, json.dumps(self.inputs))

    def _kept(self) -> dict[str, str]:
        with suppress(OSError, ValueError):
            kept = json.loads(self.path.read_bytes())
            return kept if isinstance(kept, dict) else {}
        return {}
