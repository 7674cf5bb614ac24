"""What dbt eats, rendered from contracts."""

from dbt_project.render.base import base_facts, mergeable
from dbt_project.render.project import models_of, render, shared_macros, written_model

__all__ = ["base_facts", "mergeable", "models_of", "render", "shared_macros", "written_model"]
