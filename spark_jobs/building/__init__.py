"""Silver flows in; base, themes and gold flow out, by dbt and SQL on the engine."""
