"""What dbt eats, rendered from contracts."""

from dbt_project.render.base import base_facts, day_in_china, mergeable, roll_ups
from dbt_project.render.project import models_of, render, shared_macros, with_macros, written_model

__all__ = [
    "base_facts",
    "day_in_china",
    "mergeable",
    "models_of",
    "render",
    "roll_ups",
    "shared_macros",
    "with_macros",
    "written_model",
]
