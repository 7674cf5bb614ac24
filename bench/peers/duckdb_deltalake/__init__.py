"""DuckDB, pyarrow and deltalake do the job of `lakewarden run`: a landing folder flows in, the same tables flow out."""
