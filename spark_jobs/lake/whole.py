"""A file's content flows in; the file flows out whole: whoever reads it finds the old one or the new."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Gives the path to write to; what lies there at the end takes the file's place, after a failure it is removed."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, text: str, errors: str = "strict", mode: int = 0o666) -> None:
    """Writes the text as UTF-8; `mode` holds from the first byte on, less the umask."""
    with writing(path) as part:
        part.unlink(missing_ok=True)
        with open(
            part, "x", encoding="utf-8", errors=errors, opener=lambda name, how: os.open(name, how, mode)
        ) as file:
            file.write(text)
