"""Departments flow in; the workbooks that each may fill flow out below its receipts, written only when they change."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import quote

from schemas.contract import FeedContract, landing_folders, roots
from spark_jobs.lake.codes import codes_fingerprint
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.whole import writing
from spark_jobs.receipts.template import template


def template_path(index: Path, contract: FeedContract) -> Path:
    """Where the department of that index finds the workbook of a feed."""
    return index.parent / "templates" / f"{contract.folder}.xlsx"


def offered(index: Path, department: str) -> list[dict[str, str]]:
    """The workbooks of the feeds that a department may deliver: title, and link from its index."""
    paths = {one.title: template_path(index, one).relative_to(index.parent) for one in _feeds_of(department)}
    return [{"title": title, "link": quote(path.as_posix())} for title, path in paths.items()]


def write_templates(home: Home, index: Path, department: str) -> None:
    """Writes the department's workbooks where anything is declared otherwise, or one is lost."""
    mark = Mark(home.state / "templates" / f"{index.parent.name}.json", _made_of(roots()))
    is_current = mark.is_current()
    for contract in _feeds_of(department):
        path = template_path(index, contract)
        if is_current and path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        made = template(contract)
        if not path.exists() or path.read_bytes() != made:
            with writing(path) as part:
                part.write_bytes(made)
    if not is_current:
        mark.path.parent.mkdir(parents=True, exist_ok=True)
        mark.keep()


@cache
def _made_of(_folders: tuple[Path, ...]) -> dict[str, str]:
    """What workbooks follow from: contracts, code lists, and how we write them."""
    ours = b"".join(Path(__file__).with_name(name).read_bytes() for name in ("template.py", "filling.py"))
    return {"declared": declared(), "codes": codes_fingerprint(), "ours": hashlib.sha256(ours).hexdigest()}


def _feeds_of(department: str) -> list[FeedContract]:
    return [contract for own, _, contract in landing_folders() if own == department]
