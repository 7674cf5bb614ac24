"""A list with its table looked up flows in; Superset's table chart, page by page, flows out."""

from __future__ import annotations

import json
from typing import Any

from dashboards.render.colours import colours
from dashboards.render.declaration import Listing
from dashboards.render.dimensions import DIMENSIONS
from dashboards.render.plan import Drawn
from schemas.contract import Column
from schemas.contract.labels import served_column

Json = dict[str, Any]


def listing(drawn: Drawn) -> Json:
    """Rows page by page, ordered down to the key, else equal rows change places and stand on two pages."""
    assert isinstance(drawn.chart, Listing)
    contract, first = drawn.dataset.contract, drawn.chart.order.removeprefix("-")
    order = {first: first == drawn.chart.order} | {name: True for name in contract.key if name != first}
    return {
        "viz_type": "table",
        "query_mode": "raw",
        "all_columns": list(drawn.chart.columns),
        "order_by_cols": [json.dumps([name, is_ascending]) for name, is_ascending in order.items()],
        "row_limit": 1000,
        "server_pagination": True,
        "server_page_length": 10,
        "page_length": 10,
        "include_search": False,
        "show_cell_bars": False,
        "table_timestamp_format": "%Y-%m-%d",
        "column_config": {
            name: settings
            for name, width in drawn.chart.columns.items()
            if (settings := _column_settings(served_column(contract, name), width))
        },
        "conditional_formatting": _coloured(drawn.chart.columns),
        "allow_rearrange_columns": False,
    }


def _column_settings(column: Column, width: int | None) -> Json:
    """How wide a column is, and how its numbers are written: shares as percent, unless they are percent already."""
    settings: Json = {"columnWidth": width} if width else {}
    if column.type == "double" or str(column.type).startswith("decimal"):
        is_share = column.name.endswith(("_share", "_rate")) and "%" not in str(column.label)
        settings["d3NumberFormat"] = ".1%" if is_share else ".1f"
    return settings


def _coloured(columns: dict[str, int | None]) -> list[Json]:
    """The values of a coloured dimension in their colours."""
    labels = [dimension.label for dimension in DIMENSIONS.values() if dimension.is_coloured]
    return [
        {
            "column": name,
            "operator": "=",
            "targetValue": value,
            "colorScheme": colour,
            "objectFormatting": "TEXT_COLOR",
            "useGradient": False,
            "toAllRow": False,
        }
        for name in columns
        if name in labels
        for value, colour in colours().of_values().items()
    ]
