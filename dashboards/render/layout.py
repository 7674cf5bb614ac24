"""A page's rows flow in, Superset's nested boxes with widths and heights flow out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.render.declaration import ROWS, Chart, Row, Stack
from dashboards.render.plan import SCOPE, Drawn, Fault, Plan

Json = dict[str, Any]

COLUMNS = 12
GUTTER = 2
"""Between two rows, in Superset's unit of height, 8 pixels."""
HEIGHTS = {"key": 23, "trend": 54, "map": 86, "ranking": 54, "share": 54, "table": 94, "list": 84, "scope": 7}
TRANSPARENT = {"background": "BACKGROUND_TRANSPARENT"}


def widths(key: str, places: Sequence[Chart | Stack], room: int) -> list[int]:
    """What is declared, and an equal part of the rest for the others."""
    wished = [None if isinstance(place, tuple) else place.width for place in places]
    rest, others = room - sum(width or 0 for width in wished), wished.count(None)
    if rest < others:
        raise Fault(key, f"too wide: a row has {room} columns")
    parts = iter([rest // others + (number < rest % others) for number in range(others)] if others else [])
    return [width or next(parts) for width in wished]


def row_height(row: Row) -> int:
    """As its tallest chart likes it; rows beside a chart share its height."""
    alone = [HEIGHTS[place.chart] for place in row if not isinstance(place, tuple)]
    return max(alone or [HEIGHTS["map"]])


class Boxes:
    """Superset's flat table of nested boxes, filled from the outside in."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.nodes: Json = {"DASHBOARD_VERSION_KEY": "v2"}
        self._add("ROOT_ID", "ROOT", [])
        self._add("GRID_ID", "GRID", ["ROOT_ID"])
        self.nodes["HEADER_ID"] = {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": plan.page.title}}

    def _add(self, name: str, kind: str, parents: list[str], meta: Json | None = None) -> list[str]:
        """A box inside the last of its parents; returns the parents of what goes into it."""
        self.nodes[name] = {"id": name, "type": kind, "children": [], "parents": parents} | (
            {"meta": meta} if meta else {}
        )
        if parents:
            self.nodes[parents[-1]]["children"].append(name)
        return [*parents, name]

    def row(self, key: str, row: Row, parents: list[str], room: int, height: int) -> None:
        """A row with all that stands in it."""
        inside = self._add(f"ROW-{key}", "ROW", parents, TRANSPARENT)
        for number, (place, width) in enumerate(zip(row, widths(key, row, room), strict=True)):
            where = f"{key}.{number}"
            if isinstance(place, tuple):
                self._stack(where, place, inside, width, height)
            else:
                self._chart(self._plan.drawn(f"{where}.{place.chart}"), inside, width, height)

    def scope(self, drawn: Drawn, parents: list[str]) -> None:
        """The row at the top of every page."""
        inside = self._add("ROW-scope", "ROW", parents, TRANSPARENT)
        self._chart(drawn, inside, COLUMNS, HEIGHTS["scope"])

    def _stack(self, key: str, stack: Stack, parents: list[str], width: int, height: int) -> None:
        inside = self._add(f"COLUMN-{key}", "COLUMN", parents, {"width": width, **TRANSPARENT})
        room = height - GUTTER * (len(stack) - 1)
        for number, row in enumerate(stack):
            part = room // len(stack) + (number < room % len(stack))
            self.row(f"{key}.{ROWS}.{number}", row, inside, width, part)

    def _chart(self, drawn: Drawn, parents: list[str], width: int, height: int) -> None:
        meta = {"chartId": drawn.number, "uuid": drawn.uuid, "sliceName": drawn.title}
        self._add(f"CHART-{drawn.name}", "CHART", parents, {**meta, "width": width, "height": height})


def position(plan: Plan) -> Json:
    """The layout as Superset imports it; raises Fault where a row is too wide."""
    boxes = Boxes(plan)
    for scope in (drawn for drawn in plan.charts if drawn.key == SCOPE):
        boxes.scope(scope, ["ROOT_ID", "GRID_ID"])
    for number, row in enumerate(plan.page.rows):
        boxes.row(f"rows.{number}", row, ["ROOT_ID", "GRID_ID"], COLUMNS, row_height(row))
    return boxes.nodes
