"""What is known of deliveries flows in; static pages flow out that a department can read anywhere, without us.

File names, reasons and cells are a stranger's text: everything is escaped, and what has no shape of its own (control
characters, marks that turn the direction of writing) is shown by its number.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from spark_jobs.receipts.signs import visible

PAGES = Path(__file__).parent / "pages"


def render(page: str, **values: object) -> str:
    """The page as HTML: one file, without script, that loads nothing."""
    return _environment().get_template(page).render(**values)


@cache
def _environment() -> Environment:
    style = (PAGES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.globals |= {"style": style, "style_hash": f"sha256-{digest}"}
    return environment
