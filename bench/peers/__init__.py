"""The same job as `lakewarden run`, written by hand with other tools: what the benchmark holds Lakewarden against."""
