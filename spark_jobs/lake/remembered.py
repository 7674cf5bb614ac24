"""A home and today's contracts flow in; the feeds that the home has known, and that no contract promises now, flow out.

A folder of contracts that was forgotten (LAKEWARDEN_SCHEMAS) would have departments told that they deliver what nobody
agreed to. What is remembered lies in the home's state: lost, it is learned again from the next run.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from schemas.contract import feeds, landing_folders
from schemas.folders import roots
from spark_jobs.lake.home import Home
from spark_jobs.lake.whole import write_whole

# By feed, the folder of contracts that it was read from.
Known = dict[str, str]


def remember(home: Home, only: bool = False) -> None:
    """Takes in today's feeds; with `only` forgets all others."""
    today = {name: str(_root(contract.file)) for name, contract in feeds().items()}
    known = today if only else _known(home) | today
    if known != _known(home):
        write_whole(_path(home), json.dumps(known, indent=1))


def forgotten(home: Home) -> Known:
    """The feeds that were known and are not now, each with the folder of contracts that it came from."""
    return {name: root for name, root in _known(home).items() if name not in feeds()}


def is_forgotten(department: str, folder: str, missing: Known) -> bool:
    """Whether a landing folder was that of a feed which is missing now."""
    return f"{department}_{folder}" in missing or (folder in missing and department in _departments())


def said(missing: Known) -> list[str]:
    """A sentence for each folder of contracts that something is missing of."""
    by_root: dict[str, list[str]] = {}
    for name, root in missing.items():
        by_root.setdefault(root, []).append(name)
    return [
        f"{', '.join(sorted(names))}: known here from the contracts in {root}, and without a contract now; their files "
        "wait in the landing zone. Name that folder in LAKEWARDEN_SCHEMAS or LAKEWARDEN_CONTRACTS; if they are gone "
        "for good, lakewarden init forgets them"
        for root, names in sorted(by_root.items())
    ]


def _departments() -> set[str]:
    return {department for department, _, _ in landing_folders()}


def _root(file: Path) -> Path:
    return next(root for root in reversed(roots()) if file.is_relative_to(root))


def _known(home: Home) -> Known:
    with suppress(OSError, ValueError):
        known: Known = json.loads(_path(home).read_bytes())
        return known
    return {}


def _path(home: Home) -> Path:
    return home.state / "contracts.json"
