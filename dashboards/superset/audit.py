"""What people do in Superset flows in; one row of its table `logs` for each act flows out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, text
from superset.utils import json
from superset.utils.log import DBEventLogger

# Superset also times the steps inside an act and writes each with a commit of its own: 3 rows for a chart from the
# cache, 6 for a query. The act itself, ChartDataRestApi.data, names person, chart, dashboard, query and duration.
STEPS = {
    "ChartDataRestApi.json_dumps",
    "_get_data_response",
    "QueryObject.post_processing",
    "execute_sql",
    "fetch_rows",
    "load_into_dataframe",
}


class AuditLog(DBEventLogger):  # type: ignore[misc]
    """Writes acts, not steps, and on a connection of its own.

    A commit of the request's session would make it read again all that it knows: person, roles and dataset.
    """

    def log_with_context(self, action: str, duration: timedelta | None = None, *args: Any, **payload: Any) -> None:
        """Leaves out the steps."""
        if action not in STEPS:
            super().log_with_context(action, duration, *args, **payload)

    def log(
        self,
        user_id: int | None,
        action: str,
        dashboard_id: int | None,
        duration_ms: int | None,
        slice_id: int | None,
        referrer: str | None,
        *args: Any,
        **details: Any,
    ) -> None:
        """Writes the records of an act in one transaction."""
        from superset.extensions import db
        from superset.models.core import Log

        rows = [
            {
                "action": action,
                "json": json.dumps(record, default=str),
                "dashboard_id": dashboard_id or record.get("dashboard_id"),
                "slice_id": slice_id or record.get("slice_id"),
                "duration_ms": duration_ms,
                "referrer": referrer,
                "user_id": user_id,
            }
            for record in details.get("records") or [details.get("curated_payload") or {}]
        ]
        with db.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Nobody waits for the disk: a power cut may take the last second of acts, a killed server none.
                connection.execute(text("SET LOCAL synchronous_commit TO off"))
            connection.execute(insert(Log.__table__), rows)
