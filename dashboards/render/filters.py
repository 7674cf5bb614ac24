"""A page's charts flow in; its filters, and which chart hears which filter and which click, flow out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from dashboards.render.datasets import MONTH_TEXT
from dashboards.render.dimensions import DIMENSIONS, Dimension
from dashboards.render.metrics import Dataset
from dashboards.render.plan import Drawn, Plan

Json = dict[str, Any]

# Of the months only those that have a text.
OFFERED: Json = {
    "clause": "WHERE",
    "expressionType": "SIMPLE",
    "subject": MONTH_TEXT,
    "operator": "IS NOT NULL",
    "comparator": None,
}


def native(plan: Plan) -> list[Json]:
    """The filters at the top of the page, in the order declared."""
    return [_filter(name, DIMENSIONS[name], plan) for name in plan.page.filters]


def clicks(plan: Plan) -> Json:
    """What a click on a chart's value filters: the charts that know the value, but for those that compare its like."""
    emitters = [drawn for drawn in plan.charts if drawn.by and not drawn.by.is_time]
    configured: Json = {}
    for drawn in emitters:
        deaf = [other.number for other in plan.charts if other.by == drawn.by or not _knows(other, drawn.by)]
        scope = {"scope": _scope(deaf), "chartsInScope": []}
        configured[str(drawn.number)] = {"id": drawn.number, "crossFilters": scope}
    return configured


def _filter(name: str, dimension: Dimension, plan: Plan) -> Json:
    deaf = [drawn.number for drawn in plan.charts if not _knows(drawn, dimension)]
    values = _values(dimension, plan)
    own: Json = {
        "filterType": "filter_select",
        "targets": [
            {"column": {"name": MONTH_TEXT if dimension.is_time else dimension.label}, "datasetUuid": values.uuid}
        ],
        "controlValues": {
            "multiSelect": True,
            "enableEmptyFilter": False,
            "defaultToFirstItem": False,
            "inverseSelection": False,
            "searchAllOptions": False,
            "sortAscending": not dimension.is_time,
        },
        "sortMetric": dimension.order,
        "adhoc_filters": [OFFERED] if dimension.is_time else [],
    }
    return {
        "id": f"NATIVE_FILTER-{name}",
        "name": dimension.title,
        "type": "NATIVE_FILTER",
        "description": "",
        **own,
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": _scope(deaf),
    }


def _values(dimension: Dimension, plan: Plan) -> Dataset:
    """The dataset whose values the filter offers: the one that most charts of the page read."""
    knowing = [drawn.dataset for drawn in plan.charts if _knows(drawn, dimension)]
    most = Counter(dataset.uuid for dataset in knowing).most_common(1)[0][0]
    return next(dataset for dataset in knowing if dataset.uuid == most)


def _knows(drawn: Drawn, dimension: Dimension | None) -> bool:
    return dimension is not None and dimension.label in drawn.dataset.columns


def _scope(excluded: list[int]) -> Json:
    return {"rootPath": ["ROOT_ID"], "excluded": excluded}
