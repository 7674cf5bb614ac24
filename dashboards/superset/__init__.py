"""Superset as configured here: settings, rights, cache, audit, and the server itself."""
