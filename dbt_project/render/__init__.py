"""What dbt eats, rendered from contracts."""

from dbt_project.render.project import render

__all__ = ["render"]
