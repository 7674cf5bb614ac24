"""A chart with everything looked up flows in, Superset's chart flows out: one small function a kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboards.render.colours import INK, colours
from dashboards.render.datasets import MONTH_TEXT, WHOLE_MONTH
from dashboards.render.declaration import Key, Page, Ranking, Trend
from dashboards.render.dimensions import ACT, DIMENSIONS
from dashboards.render.listing import listing
from dashboards.render.meanings import is_of_cities, meaning
from dashboards.render.metrics import Metric
from dashboards.render.plan import Drawn
from schemas.contract import province, table_of

Json = dict[str, Any]

BARS_LIMIT = 20
"""Of a ranking: with several figures so many in all, so that bars and their names do not lie over each other."""
CITY = DIMENSIONS["city"].code
LEGEND: Json = {"show_legend": True, "legendType": "scroll", "legendOrientation": "top"}
NO_AXIS_TITLES: Json = {"x_axis_title": "", "y_axis_title": ""}
# A month without a row, between two that have one, is asked for as well and has no value: there the curve breaks, where
# it would else be drawn across as if something were known.
GAPS: Json = {"resample_rule": "1MS", "resample_method": "asfreq"}
MONTHS: Json = {"x_axis": WHOLE_MONTH, "time_grain_sqla": "P1M", **GAPS}
MONTH_FORMATS: Json = {"x_axis_time_format": "%Y-%m", "tooltipTimeFormat": "%Y年%-m月", "rich_tooltip": True}


def asset(drawn: Drawn, page: Page) -> Json:
    """The chart as Superset imports it."""
    settings = PAINTERS[drawn.chart.chart](drawn)
    filters = conditions(drawn, page)
    means = None if drawn.chart.chart == "scope" else meaning(drawn, settings, page)
    if settings["viz_type"] == "mixed_timeseries":
        settings["adhoc_filters_b"] = filters
    return {
        "slice_name": drawn.title,
        "description": means,
        "viz_type": settings["viz_type"],
        "params": {**settings, "adhoc_filters": filters},
        "uuid": drawn.uuid,
        "dataset_uuid": drawn.dataset.uuid,
        "is_managed_externally": True,
        "version": "1.0.0",
    }


def conditions(drawn: Drawn, page: Page) -> list[Json]:
    """The place that the month filter fills, and what the page is about."""
    simple = {"clause": "WHERE", "expressionType": "SIMPLE"}
    month = {**simple, "subject": drawn.dataset.time, "operator": "TEMPORAL_RANGE", "comparator": "No filter"}
    fixed = [
        {**simple, "subject": DIMENSIONS[name].code, "operator": "IN", "comparator": list(codes)}
        for name, codes in {**page.where, **drawn.chart.where}.items()
    ]
    if is_of_cities(drawn):
        # What the province does itself is no city's, and would stand among them with its few acts.
        fixed.append({**simple, "subject": CITY, "operator": "NOT IN", "comparator": [province().code]})
    if isinstance(drawn.chart, (Key, Ranking)):
        # What has no value, such as a rate of nothing, is told as no data; a bar of it would stand above all others.
        valued = f"({drawn.metrics[0].sql}) IS NOT NULL"
        fixed.append({"clause": "HAVING", "expressionType": "SQL", "sqlExpression": valued})
    return [month, *fixed] if drawn.dataset.time else fixed


def key(drawn: Drawn) -> Json:
    """A figure, with its curve where there are months."""
    [metric] = drawn.metrics
    figure: Json = {
        "metric": metric.name,
        "y_axis_format": metric.format,
        "header_font_size": 0.4,
        "subtitle": "",
        "subtitle_font_size": 0.15,
    }
    if drawn.dataset.time is None:
        return {"viz_type": "big_number_total", **figure}
    tone = colours().of_metric(metric.name) or colours().tones[INK]
    red, green, blue = bytes.fromhex(tone.removeprefix("#"))
    return {
        "viz_type": "big_number",
        **figure,
        **MONTHS,
        # The figure is asked for by itself: it also counts what the curve leaves out.
        "aggregation": "raw",
        "compare_lag": 0,
        "show_trend_line": True,
        "start_y_axis_at_zero": True,
        "show_timestamp": False,
        "color_picker": {"r": red, "g": green, "b": blue, "a": 1},
        "time_format": "%Y年%-m月",
        "rolling_type": "None",
    }


def trend(drawn: Drawn) -> Json:
    """Columns by month, with a line over them on an axis of its own if there is one."""
    assert isinstance(drawn.chart, Trend)
    shared: Json = {
        **MONTHS,
        **MONTH_FORMATS,
        **LEGEND,
        **NO_AXIS_TITLES,
        "metrics": [metric.name for metric in drawn.metrics],
        "groupby": [],
        "stack": "Stack" if drawn.chart.stacked else None,
        "row_limit": 10_000,
        "color_scheme": "lakewarden",
        "y_axis_format": drawn.metrics[0].axis_format,
        "y_axis_bounds": [0, None],
    }
    if drawn.line is None:
        columns = f"{{yAxis: [{{{_marks(drawn.metrics[0])}}}]}}"
        upright: Json = {"orientation": "vertical", "truncateYAxis": True, "echart_options": columns}
        return {"viz_type": "echarts_timeseries_bar", **upright, **shared}
    return {
        "viz_type": "mixed_timeseries",
        **shared,
        "stack": drawn.chart.stacked,
        "seriesType": "bar",
        "show_value": False,
        "yAxisIndex": 0,
        "metrics_b": [drawn.line.name],
        **{f"{name}_b": value for name, value in GAPS.items()},
        "groupby_b": [],
        "seriesTypeB": "smooth",
        "markerEnabledB": True,
        "markerSizeB": 6,
        "yAxisIndexB": 1,
        "y_axis_format_secondary": drawn.line.axis_format,
        "y_axis_title_secondary": "",
        **_line_axes(drawn.metrics[0], drawn.line),
    }


def _is_rate(metric: Metric) -> bool:
    return metric.format.endswith("%")


# (ours) Marks of 5 to 20 percentage points: rates that hardly differ stay close together, and no axis ends above 100 %,
# as one with marks of 30 would.
RATE_MARKS = "minInterval: 0.05, maxInterval: 0.2"


def _marks(metric: Metric) -> str:
    """How far an axis' marks lie apart: of whole numbers by one at least, as 0.5 would be written as 1 once more."""
    if _is_rate(metric):
        return RATE_MARKS
    return "minInterval: 1" if metric.format.endswith("d") else ""


def _line_axes(column: Metric, line: Metric) -> Json:
    """The axes of columns and of the line over them.

    A rate's begins and ends near the data, for a line is read by its course, not its height. Neither axis then takes
    the other's marks: the columns' begins at zero, whose marks would else move it.
    """
    bounds: list[int | None] = [None if _is_rate(line) else 0, None]
    scale, apart = ("scale: true, ", "alignTicks: false, ") if _is_rate(line) else ("", "")
    axes = f"{{yAxis: [{{{apart}{_marks(column)}}}, {{{scale}{apart}{_marks(line)}}}]}}"
    return {"y_axis_bounds_secondary": bounds, "echart_options": axes}


def _bars_axis(metric: Metric) -> Json:
    """The axis of lying bars; rates' from zero, since bars are compared by their length."""
    bounds: list[int | None] = [0 if _is_rate(metric) else None, None]
    axis = f"{{xAxis: {{{_marks(metric)}}}}}"
    return {"truncateYAxis": _is_rate(metric), "y_axis_bounds": bounds, "echart_options": axis}


def area_map(drawn: Drawn) -> Json:
    """The plug-in `region_map.js`; an area is found by its name."""
    assert drawn.by
    first, *others = drawn.metrics
    return {
        "viz_type": "region_map",
        "entity": drawn.by.label,
        "metric": first.name,
        "secondary_metrics": [metric.name for metric in others],
        "shapes": drawn.by.shapes,
        "linear_color_scheme": "lakewarden_heat",
        "number_format": first.format,
        "row_limit": 100,
    }


def ranking(drawn: Drawn) -> Json:
    """Lying bars; Superset draws the first at the bottom."""
    assert drawn.by
    assert isinstance(drawn.chart, Ranking)
    is_largest = drawn.chart.order == "largest"
    return {
        "viz_type": "echarts_timeseries_bar",
        "x_axis": drawn.by.label,
        "metrics": [metric.name for metric in drawn.metrics],
        "groupby": [],
        "orientation": "horizontal",
        "x_axis_sort": drawn.metrics[0].name,
        "x_axis_sort_asc": is_largest,
        "order_desc": is_largest,
        "row_limit": BARS_LIMIT // len(drawn.metrics),
        "color_scheme": "lakewarden",
        "show_value": len(drawn.metrics) == 1,
        **LEGEND,
        "show_legend": len(drawn.metrics) > 1,
        "y_axis_format": drawn.metrics[0].format,
        "rich_tooltip": True,
        **_bars_axis(drawn.metrics[0]),
        **NO_AXIS_TITLES,
    }


def share(drawn: Drawn) -> Json:
    """A ring with its parts named outside."""
    assert drawn.by
    [metric] = drawn.metrics
    return {
        "viz_type": "pie",
        "groupby": [drawn.by.label],
        "metric": metric.name,
        "row_limit": 10,
        "sort_by_metric": True,
        "color_scheme": "lakewarden",
        "show_labels": True,
        "label_type": "template",
        "label_template": "{name} {value}\n{percent}",
        "labels_outside": True,
        "label_line": True,
        "show_labels_threshold": 0,
        "number_format": metric.format,
        "donut": True,
        "innerRadius": 42,
        "outerRadius": 62,
        "show_total": False,
        **LEGEND,
        "show_legend": False,
    }


def table(drawn: Drawn) -> Json:
    """One row a value of the dimension: places in their official order, the newest month or largest figure on top."""
    assert drawn.by
    newest = {"expressionType": "SQL", "sqlExpression": f"MAX({drawn.by.label})", "label": "newest"}
    return {
        "viz_type": "table",
        "query_mode": "aggregate",
        "groupby": [drawn.by.label],
        "metrics": [metric.name for metric in drawn.metrics],
        "timeseries_limit_metric": newest if drawn.by.is_time else drawn.by.order or drawn.metrics[0].name,
        "order_desc": drawn.by.order is None,
        "row_limit": 50,
        "page_length": 0,
        "include_search": False,
        "show_cell_bars": True,
        "table_timestamp_format": "%Y-%m",
        "color_pn": False,
        "align_pn": False,
        "column_config": {},
        "conditional_formatting": [],
        "allow_rearrange_columns": False,
    }


def scope(drawn: Drawn) -> Json:
    """The plug-in `scope.js`: how far the acts that the page counts reach, and which kinds nobody delivers."""
    kinds = drawn.chart.where[ACT]
    return {
        "viz_type": "scope",
        "metrics": [metric.name for metric in drawn.metrics],
        "entity": DIMENSIONS[ACT].label,
        "filter_titles": {MONTH_TEXT: "月份"} | {each.label: each.title for each in DIMENSIONS.values()},
        "acts": [[kind, table_of(f"base.{kind}").title.removesuffix("库")] for kind in kinds],
        "row_limit": 100,
    }


PAINTERS: dict[str, Callable[[Drawn], Json]] = {
    "key": key,
    "trend": trend,
    "map": area_map,
    "ranking": ranking,
    "share": share,
    "table": table,
    "list": listing,
    "scope": scope,
}
