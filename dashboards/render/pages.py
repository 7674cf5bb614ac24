"""The files of `pages/` flow in, Superset's charts and dashboards flow out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dashboards.render import charts, filters, layout
from dashboards.render.colours import colours
from dashboards.render.metrics import catalogue
from dashboards.render.plan import Drawn, Fault, Plan, plans
from schemas.contract import ContractError, shown

Json = dict[str, Any]

STYLE = Path(__file__).parent / "page.css"


def page_assets(root: Path) -> tuple[dict[str, Json], list[str]]:
    """Charts and dashboards of all pages by path; and what is wrong with pages, one sentence a page."""
    known = catalogue(root)
    assets: dict[str, Json] = {}
    faults: list[str] = []
    for path in sorted((root / "pages").glob("*.yaml")):
        try:
            for planned in plans(path, known):
                assets |= _page(planned, path)
        except ContractError as fault:
            faults.append(str(fault))
    return assets, faults


def _page(planned: Plan, path: Path) -> dict[str, Json]:
    try:
        dashboard = _dashboard(planned)
    except Fault as fault:
        raise ContractError(f"{shown(path)}: {fault}") from None
    drawn = {f"charts/{planned.slug}.{chart.name}.yaml": charts.asset(chart, planned.page) for chart in planned.charts}
    return drawn | {f"dashboards/{planned.slug}.yaml": dashboard}


def _dashboard(planned: Plan) -> Json:
    return {
        "dashboard_title": planned.page.title,
        "description": planned.page.doc,
        "css": STYLE.read_text(encoding="utf-8") + "".join(map(_style, planned.charts)),
        "slug": planned.slug,
        "uuid": planned.uuid,
        "published": True,
        "is_managed_externally": True,
        "position": layout.position(planned),
        "metadata": {
            "color_scheme": "lakewarden",
            "label_colors": _label_colours(planned),
            "shared_label_colors": [],
            "cross_filters_enabled": True,
            "filter_bar_orientation": "HORIZONTAL",
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "expanded_slices": {str(drawn.number): True for drawn in planned.charts if drawn.chart.chart != "scope"},
            "default_filters": "{}",
            "native_filter_configuration": filters.native(planned),
            "chart_configuration": filters.clicks(planned),
            "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}},
        },
        "version": "1.0.0",
    }


def _style(drawn: Drawn) -> str:
    """What only this chart needs: a figure without a curve is coloured itself; a list is not told of its limit."""
    place = f"[data-test-chart-name='{drawn.title}']"
    tone = colours().of_metric(drawn.metrics[0].name) if drawn.metrics else None
    if drawn.chart.chart == "key" and drawn.dataset.time is None and tone:
        return f"{place} .header-line {{ color: {tone} !important; }}\n"
    if drawn.chart.chart == "list":
        return f"{place} .anticon-warning {{ display: none; }}\n"
    return ""


def _label_colours(planned: Plan) -> dict[str, str]:
    """By the name and by the label of a metric: Superset asks for either."""
    metrics = [metric for drawn in planned.charts for metric in (*drawn.metrics, *filter(None, [drawn.line]))]
    by_metric = {
        shown_as: tone
        for metric in metrics
        if (tone := colours().of_metric(metric.name))
        for shown_as in (metric.name, metric.label)
    }
    return {**colours().of_values(), **by_metric}
