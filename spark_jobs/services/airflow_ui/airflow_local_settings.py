"""What a person must see to flows in, as the stage `feeds` left it; a notice on Airflow's start page flows out.

Airflow imports this module by its name, wherever it lies on the path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from airflow.api_fastapi.common.types import UIAlert

# Beside the others of the home's state; written by spark_jobs/watching/notices.py.
NOTICES = Path(os.environ["LAKEWARDEN_HOME"]) / "state" / "notices.json"


class Notices(list[UIAlert]):
    """The notices as they are whenever the page asks."""

    def __iter__(self) -> Iterator[UIAlert]:
        """None where nothing was ever written."""
        told = json.loads(NOTICES.read_text(encoding="utf-8")) if NOTICES.exists() else []
        return iter([UIAlert(text=notice["text"], category=notice["category"]) for notice in told])


DASHBOARD_UIALERTS = Notices()
