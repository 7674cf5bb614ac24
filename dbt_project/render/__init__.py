"""What dbt eats, rendered from contracts."""

from dbt_project.render.base import base_facts, mergeable
from dbt_project.render.project import render, written_model

__all__ = ["base_facts", "mergeable", "render", "written_model"]
