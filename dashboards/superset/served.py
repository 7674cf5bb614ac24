"""The address of the serving file flows in; one published version of it, the same for a whole request, flows out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import g, has_app_context
from sqlalchemy import create_engine

Mutator = Callable[[Any, dict[str, Any], str | None, Any, Any], tuple[Any, dict[str, Any]]]


class Served:
    """The serving file, a link that publishing turns to the next version's file.

    DuckDB shares one open database between all connections to the same path of a process: whoever opened the link
    itself would be given the old version as long as anybody else still reads it.
    """

    def __init__(self, link: Path) -> None:
        self.link = link
        self._open: tuple[str, Any] | None = None
        self._opening = threading.Lock()

    def version(self) -> str:
        """The path of the published file; asked for once a request, so that its answer and its cache key agree."""
        if not has_app_context():
            return str(self.link.resolve())
        if "lakewarden_version" not in g:
            g.lakewarden_version = str(self.link.resolve())
        return str(g.lakewarden_version)

    def mutator(self) -> Mutator:
        """What Superset calls before it opens a database: the link becomes this request's version."""

        def mutate(uri: Any, params: dict[str, Any], _user: str | None, _manager: Any, _source: Any) -> Any:
            if uri.database != str(self.link):
                return uri, params
            uri = uri.set(database=self.version())
            self._hold_open(uri, params)
            return uri, params

        return mutate

    def _hold_open(self, uri: Any, params: dict[str, Any]) -> None:
        """One connection stays, so that a query finds the file open and what others have read of it in memory."""
        if self._open and self._open[0] == uri.database:
            return
        with self._opening:
            if self._open is None or self._open[0] != uri.database:
                before, self._open = self._open, (uri.database, create_engine(uri, **params).raw_connection())
                if before:
                    before[1].close()
