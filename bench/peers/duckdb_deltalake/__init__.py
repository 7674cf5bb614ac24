"""DuckDB, pyarrow and deltalake do the job of `lakewarden run`: a landing folder flows in, the same tables flow out."""

import sys
from importlib.abc import MetaPathFinder


class _WithoutPandas(MetaPathFinder):
    """Arrow imports pandas, in a quarter of a second, only to see whether a list is a series."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError(name)


sys.meta_path.insert(0, _WithoutPandas())
