"""A downloaded file flows in; it leaves under its chart's name and the time in China, and as text that Excel reads."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import chain
from urllib.parse import quote

from flask import Response, json, request

CHINA = timezone(timedelta(hours=8))
CHART_DATA = "/api/v1/chart/data"


def readable(answer: Response) -> Response:
    """Superset names files by the server's clock alone, and leaves out the mark of UTF-8 that Excel needs."""
    if not answer.headers.get("Content-Disposition", "").startswith("attachment"):
        return answer
    if answer.mimetype == "text/csv":
        answer.response = marked(answer.response)
        answer.headers.pop("Content-Length", None)
    if request.path == CHART_DATA:
        extension = "csv" if answer.mimetype == "text/csv" else answer.headers["Content-Disposition"].rpartition(".")[2]
        name = f"{chart_name()}_{datetime.now(CHINA):%Y-%m-%d_%H%M}.{extension}"
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer


def marked(parts: Iterable[bytes | str]) -> Iterator[bytes]:
    """The text with one mark at its beginning."""
    encoded = (part.encode() if isinstance(part, str) else part for part in parts)
    first = next(encoded, b"")
    return chain([codecs.BOM_UTF8 + first.removeprefix(codecs.BOM_UTF8)], encoded)


def chart_name() -> str:
    """What the chart is called whose data were asked for; those of no chart are called data."""
    from superset.extensions import db
    from superset.models.slice import Slice

    body = json.loads(request.form["form_data"]) if "form_data" in request.form else request.get_json()
    number = body.get("form_data", {}).get("slice_id")
    found = db.session.query(Slice.slice_name).filter_by(id=number).scalar() if number else None
    return found or "数据"
