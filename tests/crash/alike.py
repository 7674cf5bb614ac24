"""Two homes flow in; whatever a reader could tell them apart by, moments of writing aside, flows out as text."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from spark_jobs.lake.home import Home
from spark_jobs.serving.publish import served_names, serving_file
from tests import compare_lakes

CONTENT = re.compile(r"[0-9a-f]{64}")
SHOWN = 5


def differences(truth: Home, other: Home) -> list[str]:
    """What is not equal in tables, receipts, archive and serving file, and what an interrupted run left behind."""
    found = compare_lakes.differences(truth, other, is_to_the_second=True)
    found += _apart("receipts", _receipts(truth), _receipts(other))
    found += _apart("archive", _archive(truth), _archive(other))
    found += _apart("serving", _served(truth), _served(other))
    return found + [f"left behind: {path}" for path in leftovers(other)]


def leftovers(home: Home) -> list[str]:
    """Files and folders that only an unfinished run has; bytes of the archive that are not what their name says."""
    left = [path for path in home.path.rglob("*.part") if home.landing not in path.parents]
    left += [path for path in home.archive.rglob(".*") if path not in left]
    left += [path for path in (home.warehouse / "work").glob("*/*") if path.is_file()]
    wrong = [path for path in _contents(home) if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]
    return [str(path.relative_to(home.path)) for path in sorted({*left, *wrong})]


def _apart(what: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    found = [f"{what}: {name}: missing" for name in sorted(ours.keys() - theirs.keys())]
    found += [f"{what}: {name}: only after the kill" for name in sorted(theirs.keys() - ours.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name] != theirs[name]:
            found.append(f"{what}: {name}: {_first_difference(ours[name], theirs[name])}")
    return found


def _first_difference(ours: Any, theirs: Any) -> str:
    if isinstance(ours, Counter) and isinstance(theirs, Counter):
        return f"{list(ours - theirs)[:SHOWN]} ≠ {list(theirs - ours)[:SHOWN]}"
    return f"{str(ours)[:300]} ≠ {str(theirs)[:300]}"


def _receipts(home: Home) -> dict[str, Any]:
    files = sorted(path for path in home.receipts.rglob("*") if path.is_file())
    return {str(path.relative_to(home.receipts)): _receipt(path) for path in files}


def _receipt(path: Path) -> Any:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if path.suffix == ".json":
        return json.loads(text)
    # Of deliveries of one moment, which is listed first says nothing.
    return Counter(re.split(r"(?=<tr)|\n", text))


def _archive(home: Home) -> dict[str, Any]:
    sidecars = {path.name: "" for path in home.archive.glob("*/*.json")}
    return sidecars | {path.name: path.stat().st_size for path in _contents(home)}


def _contents(home: Home) -> list[Path]:
    return [path for path in home.archive.glob("*/*") if CONTENT.fullmatch(path.name)]


def _served(home: Home) -> dict[str, Any]:
    if not serving_file(home).exists():
        return {}
    with duckdb.connect(str(serving_file(home)), read_only=True) as served:
        rows = {name: served.sql(f"select * from {name}").fetchall() for name in served_names(served)}
    return {name: Counter(map(str, those)) for name, those in rows.items()}
