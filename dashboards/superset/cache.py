"""A cache of query results that forgets everything the moment a new serving file is published."""

from __future__ import annotations

from typing import Any

from flask_caching.backends.filesystemcache import FileSystemCache

from dashboards.superset.served import Served


class ServedCache(FileSystemCache):  # type: ignore[misc]
    """Keys carry the version of the serving file, so a published file is seen at once and an old result never."""

    def __init__(self, served: Served, **options: Any) -> None:
        self._served = served
        super().__init__(**options)

    @classmethod
    def factory(cls, app: Any, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> ServedCache:
        """Flask-Caching calls this with the cache's configuration."""
        return cls(config["LAKEWARDEN_SERVED"], cache_dir=config["CACHE_DIR"], threshold=config["CACHE_THRESHOLD"])

    def _get_filename(self, key: str) -> str:
        own_bookkeeping = key == self._fs_count_file
        filename: str = super()._get_filename(key if own_bookkeeping else f"{self._served.version()}:{key}")
        return filename
