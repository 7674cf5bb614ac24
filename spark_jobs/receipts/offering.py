"""Departments flow in; workbooks to fill and pages that explain them flow out below receipts, when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path
from urllib.parse import quote

from schemas.contract import FeedContract, deliverers, feeds, landing_folders, roots
from spark_jobs.lake.codes import codes_fingerprint
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.whole import writing
from spark_jobs.receipts.explaining import explained
from spark_jobs.receipts.template import template

# What follows from how we write them.
OURS = ("template.py", "filling.py", "explaining.py", "pages/feed.html", "pages/page.html", "pages/style.css")


def template_path(index: Path, contract: FeedContract) -> Path:
    """Where the department of that index finds the workbook of a feed."""
    return index.parent / "templates" / f"{contract.folder}.xlsx"


def explanation_path(index: Path, contract: FeedContract) -> Path:
    """Where it reads how the feed is filled."""
    return template_path(index, contract).with_suffix(".html")


def explained_at(index: Path, department: str, feed: str) -> str:
    """The link from the index to the page that explains a feed; nothing of one that the department does not deliver."""
    contract = feeds().get(feed)
    if contract and department in deliverers(contract):
        return _link(index, explanation_path(index, contract))
    return ""


def offered(index: Path, department: str) -> list[dict[str, str]]:
    """Of the feeds that a department may deliver title, folder, and links from its index to workbook and page."""
    return [
        {
            "title": one.title,
            "folder": f"landing/{department}/{one.folder}/",
            "link": _link(index, template_path(index, one)),
            "page": _link(index, explanation_path(index, one)),
        }
        for one in _feeds_of(department)
    ]


def _link(index: Path, path: Path) -> str:
    return quote(path.relative_to(index.parent).as_posix())


def write_templates(home: Home, index: Path, department: str) -> None:
    """Writes the department's workbooks where anything is declared otherwise, or one is lost."""
    mark = Mark(home.state / "templates" / f"{index.parent.name}.json", _made_of(roots()))
    is_current = mark.is_current()
    for contract in _feeds_of(department):
        made: dict[Path, Callable[[], bytes]] = {
            template_path(index, contract): partial(_template, roots(), contract.name),
            explanation_path(index, contract): partial(_explained, roots(), contract.name, department),
        }
        for path, make in made.items():
            if not (is_current and path.exists()):
                _write(path, make())
    if not is_current:
        mark.path.parent.mkdir(parents=True, exist_ok=True)
        mark.keep()


@lru_cache(maxsize=256)
def _template(_folders: tuple[Path, ...], feed: str) -> bytes:
    """The workbook of a feed, the same for every department that delivers it."""
    return template(feeds()[feed])


@lru_cache(maxsize=256)
def _explained(_folders: tuple[Path, ...], feed: str, department: str) -> bytes:
    return explained(feeds()[feed], department).encode()


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as part:
        part.write_bytes(content)


@cache
def _made_of(_folders: tuple[Path, ...]) -> dict[str, str]:
    """What workbooks follow from: contracts, code lists, and how we write them."""
    ours = b"".join((Path(__file__).parent / name).read_bytes() for name in OURS)
    return {"declared": declared(), "codes": codes_fingerprint(), "ours": hashlib.sha256(ours).hexdigest()}


def _feeds_of(department: str) -> list[FeedContract]:
    return [contract for own, _, contract in landing_folders() if own == department]
