"""A chart's settings flow in; what a browser posts to Superset for it, and what DuckDB must answer, flow out.

Superset's charts write their queries in the browser, each in its own way; what stands here was read off the wire of
a Chromium that opened 监管总览 and clicked a city (tests/test_browser.py compares it again).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboards.render.assets import DASHBOARDS
from dashboards.render.datasets import MONTH_TEXT, WHOLE_MONTH, month_text_sql, whole_month_sql
from dashboards.render.metrics import catalogue

Json = dict[str, Any]

ALWAYS: Json = {
    "annotation_layers": [],
    "applied_time_extras": {},
    "series_limit": 0,
    "group_others_when_limit_reached": False,
    "order_desc": True,
    "url_params": {},
    "custom_params": {},
    "custom_form_data": {},
}
FLATTEN: Json = {"operation": "flatten"}


@dataclass(frozen=True)
class Chart:
    """A chart of the dashboard, or one of its filters, which asks for its values as a chart does."""

    number: int | str
    name: str
    dataset: int
    settings: Json
    hears_city: bool

    def body(self, dashboard: int, city: str | None = None) -> Json:
        """What the browser posts; `city` is what was clicked on the map."""
        chosen: list[Json] = [{"col": "city_name", "op": "IN", "val": [city]}] if city else []
        form = {
            **self.settings,
            "slice_id" if isinstance(self.number, int) else "native_filter_id": self.number,
            "datasource": f"{self.dataset}__table",
            "extra_form_data": {"filters": chosen} if chosen else {},
            "dashboardId": dashboard,
        }
        kind = {"result_format": "json", "result_type": "full", "force": False}
        queries = [_with_filters(query, self.settings, chosen) for query in QUERIES[form["viz_type"]](self.settings)]
        return {
            "datasource": {"id": self.dataset, "type": "table"},
            "queries": queries,
            "form_data": form | kind,
        } | kind


def _with_filters(query: Json, settings: Json, chosen: list[Json]) -> Json:
    own = [
        {"col": item["subject"], "op": item["operator"], "val": item["comparator"]}
        for item in settings.get("adhoc_filters", [])
        if item["expressionType"] == "SIMPLE"
    ]
    having = [
        f"({item['sqlExpression']})"
        for item in settings.get("adhoc_filters", [])
        if (item["expressionType"], item["clause"]) == ("SQL", "HAVING")
    ]
    grain = {"time_grain_sqla": settings["time_grain_sqla"]} if "time_grain_sqla" in settings else {}
    if query.pop("hears_nothing", False):
        chosen = []
    return {"filters": [*chosen, *own], "extras": {**grain, "having": " AND ".join(having), "where": ""}, **query}


def _axis(settings: Json) -> Json:
    name = settings["x_axis"]
    grain = {"timeGrain": settings["time_grain_sqla"]} if "time_grain_sqla" in settings else {}
    column = {"columnType": "BASE_AXIS", "sqlExpression": name, "label": name}
    return {**grain, **column, "expressionType": "SQL", "isColumnReference": True}


def _pivot(settings: Json, metrics: list[str], drop: bool) -> Json:
    aggregates = {metric: {"operator": "mean"} for metric in metrics}
    options = {"index": [settings["x_axis"]], "columns": [], "aggregates": aggregates, "drop_missing_columns": drop}
    return {"operation": "pivot", "options": options}


def _gaps(settings: Json) -> Json:
    options = {"method": settings["resample_method"], "rule": settings["resample_rule"], "fill_value": None}
    return {"operation": "resample", "options": options}


def _total(settings: Json) -> list[Json]:
    return [{**ALWAYS, "columns": [], "metrics": [settings["metric"]]}]


def _trend_figure(settings: Json) -> list[Json]:
    metrics = [settings["metric"]]
    trend = [_pivot(settings, metrics, True), _gaps(settings), FLATTEN]
    queries = [{**ALWAYS, "columns": [_axis(settings)], "metrics": metrics, "post_processing": trend}]
    if settings["aggregation"] == "raw":
        whole = {"columns": [], "metrics": metrics, "is_timeseries": False, "post_processing": []}
        queries.append(ALWAYS | whole)
    return queries


def _map(settings: Json) -> list[Json]:
    metrics = [settings["metric"], *settings["secondary_metrics"]]
    columns = [settings["entity"]]
    return [{**ALWAYS, "columns": columns, "metrics": metrics, "orderby": [], "row_limit": settings["row_limit"]}]


def _pie(settings: Json) -> list[Json]:
    metric = settings["metric"]
    share = {"columns": [metric], "rename_columns": [f"{metric}__contribution"]}
    return [
        {
            **ALWAYS,
            "columns": settings["groupby"],
            "metrics": [metric],
            "orderby": [[metric, False]],
            "row_limit": settings["row_limit"],
            "post_processing": [{"operation": "contribution", "options": share}],
        }
    ]


def _bars(settings: Json) -> list[Json]:
    metrics = settings["metrics"]
    order = {"by": settings["x_axis_sort"], "ascending": settings["x_axis_sort_asc"]}
    steps = [_pivot(settings, metrics, False), {"operation": "sort", "options": order}, FLATTEN]
    return [
        {
            **ALWAYS,
            "columns": [_axis(settings)],
            "metrics": metrics,
            "order_desc": settings["order_desc"],
            "orderby": [[metrics[0], not settings["order_desc"]]],
            "row_limit": settings["row_limit"],
            "series_columns": [],
            "time_offsets": [],
            "post_processing": steps,
        }
    ]


def _two_trends(settings: Json) -> list[Json]:
    without = {key: value for key, value in ALWAYS.items() if key != "order_desc"}
    return [
        {
            **without,
            "columns": [_axis(settings)],
            "metrics": metrics,
            "orderby": [[metrics[0], False]],
            "row_limit": settings["row_limit"],
            "series_columns": [],
            "time_offsets": [],
            "post_processing": [_pivot(settings, metrics, True), _gaps(settings), FLATTEN],
        }
        for metrics in (settings["metrics"], settings["metrics_b"])
    ]


def _table(settings: Json) -> list[Json]:
    plain: Json = {**ALWAYS, "post_processing": [], "time_offsets": []}
    if settings["query_mode"] == "aggregate":
        by, falls = settings["timeseries_limit_metric"], settings["order_desc"]
        columns = {"columns": settings["groupby"], "metrics": settings["metrics"], "row_limit": settings["row_limit"]}
        return [{**plain, **columns, "order_desc": falls, "orderby": [[by, not falls]], "series_limit_metric": by}]
    order = [json.loads(item) for item in settings["order_by_cols"]]
    page = {**plain, "columns": settings["all_columns"], "orderby": order, "row_offset": 0}
    return [
        {**page, "row_limit": settings["server_page_length"]},
        {**page, "row_limit": settings["row_limit"], "is_rowcount": True},
    ]


def _choices(settings: Json) -> list[Json]:
    columns, rises = settings["groupby"], settings["sortAscending"]
    metrics = [settings["sortMetric"]] if settings["sortMetric"] else []
    order = [[name, rises] for name in metrics or columns]
    return [{**ALWAYS, "columns": columns, "metrics": metrics, "orderby": order, "row_limit": settings["row_limit"]}]


def _scope(settings: Json) -> list[Json]:
    """What the page is about, in one row; what was chosen of it by kind of act; and all of it by kind."""
    shared = {**ALWAYS, "metrics": settings["metrics"], "orderby": [], "row_limit": settings["row_limit"]}
    kinds = [settings["entity"]]
    return [
        {**shared, "columns": [], "hears_nothing": True},
        {**shared, "columns": kinds},
        {**shared, "columns": kinds, "hears_nothing": True},
    ]


QUERIES: dict[str, Callable[[Json], list[Json]]] = {
    "big_number_total": _total,
    "big_number": _trend_figure,
    "region_map": _map,
    "pie": _pie,
    "echarts_timeseries_bar": _bars,
    "mixed_timeseries": _two_trends,
    "table": _table,
    "filter_select": _choices,
    "scope": _scope,
}


def expected_sql(table: str, query: Json) -> str:
    """The same question put to DuckDB, from the dataset's metrics alone."""
    metrics = _metrics(table)
    columns = [_column(table, column) for column in query["columns"]]
    figures = [f"{metrics[name]} as {name}" for name in query.get("metrics") or []]
    chosen = [item for item in query["filters"] if item["op"] == "IN"]
    where = " and ".join(f"{item['col']} in ({_listed(item['val'])})" for item in chosen) or "true"
    grouped = " group by all" if "metrics" in query else ""
    order = ", ".join(f"{name} {'asc' if up else 'desc'}" for name, up in query.get("orderby") or [])
    rows = f"select {', '.join([*columns, *figures])} from {table} where {where}{grouped}"
    ordered = f"{rows}{f' order by {order}' if order else ''} limit {query.get('row_limit', 10_000)}"
    return f"select count(*) as rowcount from ({ordered})" if query.get("is_rowcount") else ordered


def _listed(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _column(table: str, column: str | Json) -> str:
    if isinstance(column, str):
        return f"{month_text_sql(table)} as {column}" if column == MONTH_TEXT else column
    name = column["label"]
    meant = whole_month_sql(table) if name == WHOLE_MONTH else name
    return f"date_trunc('month', {meant}) as {name}" if "timeGrain" in column else name


def _metrics(table: str) -> dict[str, str]:
    dataset = catalogue(DASHBOARDS).of_table(table)
    return {metric.name: metric.sql for metric in dataset.metrics} if dataset else {}
