"""Runs in Superset's environment: the published version as one request and the next see it (test_publish starts it)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.pool import NullPool

from dashboards.render.assets import load
from dashboards.superset.cache import ServedCache
from dashboards.superset.served import Served

QUESTION = "select checks from gold.supervision_month"


def opened(served: Served) -> Any:
    """A connection as Superset opens it for a query."""
    database = load()["databases/serving.yaml"]
    params = {**database["extra"]["engine_params"], "poolclass": NullPool}
    uri, params = served.mutator()(make_url(f"duckdb:///{served.link}"), params, None, None, None)
    return create_engine(uri, **params).connect()


def turn(link: Path, to: Path) -> None:
    turned = link.with_suffix(".turned")
    turned.symlink_to(to)
    turned.replace(link)


def main(link: Path, following: Path) -> None:
    served, app = Served(link), Flask("test")
    cache = ServedCache(served, cache_dir=tempfile.mkdtemp(), threshold=10)
    with app.app_context():
        reader = opened(served)
        assert reader.execute(QUESTION).scalar() == 1
        cache.set("question", 1)
        turn(link, following)
        assert opened(served).execute(QUESTION).scalar() == 1, "a request has one version from beginning to end"
        cache.set("late", 1)
    with app.app_context():
        assert cache.get("question") is None, "the new version begins with an empty cache"
        assert cache.get("late") is None, "what an old request was told never stands under the new version"
        assert opened(served).execute(QUESTION).scalar() == 2, "the old version was answered although it is open"
        assert reader.execute(QUESTION).scalar() == 1, "a reader keeps what it began to read"
        elsewhere = make_url("postgresql://somewhere/else")
        assert served.mutator()(elsewhere, {}, None, None, None) == (elsewhere, {})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
