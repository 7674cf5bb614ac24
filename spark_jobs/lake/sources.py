"""The files that Lakewarden is made of flow in, programs and declarations; one fingerprint of them flows out.

It goes by names, sizes and times alone, and imports next to nothing, so that asking costs milliseconds. What is kept
from one process to the next (a parsed project, a worker's memory) is good for one fingerprint.
"""

from __future__ import annotations

import hashlib
import os
import sysconfig
from collections.abc import Iterator
from contextlib import suppress

from schemas.folders import SCHEMAS, roots

ROOT = SCHEMAS.parent
PARTS = ("schemas", "spark_jobs", "expectations", "dbt_project", "dashboards")
# What programs write there themselves.
WRITTEN = ("__pycache__", "_rendered", "_rendered.lock", "target", "logs")


def sources() -> str:
    """Another text whenever a file of ours, a contract's folder or a package is another one."""
    digest = hashlib.sha256()
    for folder in (*(ROOT / part for part in PARTS), *roots()):
        for file, stat in _files(str(folder)):
            digest.update(f"{file} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    packages = sysconfig.get_path("purelib")
    # The folder beside an installed package carries its version.
    installed = sorted(name for name in os.listdir(packages) if name.endswith(".dist-info"))  # noqa: PTH208
    digest.update("\n".join([packages, *installed]).encode())
    return digest.hexdigest()


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below a folder in the order of names, without what is hidden; none where there is no folder."""
    entries: list[os.DirEntry[str]] = []
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name in WRITTEN or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(entry.path)
        else:
            with suppress(FileNotFoundError):  # a draft, gone since it was listed
                yield entry.path, entry.stat()
