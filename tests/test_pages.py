"""A page is one file: what follows from it is right, and what is wrong in it is told as `file: key: why`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from dashboards import check
from dashboards.render import assets
from dashboards.render.datasets import WHOLE_MONTH
from schemas.contract import fields

Json = dict[str, Any]

PAGE = """\
title: 检查月报
doc: 各部门的检查与处罚
filters: [department, month]
rows:
  - [{chart: key, of: checks}, {chart: ranking, of: [punishments, fine_cny], by: department, width: 9}]
  - - {chart: share, of: red_objects, by: grade, where: {model: market_firm}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "dashboards"
    for kind in ("databases", "datasets", "pages"):
        shutil.copytree(assets.DASHBOARDS / kind, root / kind)
    return root


def rendered(root: Path, text: str = PAGE, slug: str = "monthly") -> dict[str, Json]:
    """The assets of one more page, by name."""
    (root / "pages" / f"{slug}.yaml").write_text(text, encoding="utf-8")
    return {path: asset for path, asset in assets.load(root).items() if path.split("/")[1].startswith(f"{slug}.")}


def ids(pages: dict[str, Json]) -> set[str | int]:
    """Every uuid and chart id of a page."""
    numbers = [
        box["meta"]["chartId"]
        for asset in pages.values()
        for box in asset.get("position", {}).values()
        if isinstance(box, dict) and box["type"] == "CHART"
    ]
    return {*numbers, *(asset["uuid"] for asset in pages.values())}


def test_a_page_with_three_charts_costs_one_file(root: Path) -> None:
    page = rendered(root)
    assert check.problems(root) == []
    assert list(page) == [
        "charts/monthly.scope.yaml",
        "charts/monthly.key_checks.yaml",
        "charts/monthly.ranking_punishments_by_department.yaml",
        "charts/monthly.share_red_objects_by_grade.yaml",
        "dashboards/monthly.yaml",
    ]
    titles = [asset["slice_name"] for asset in page.values() if "slice_name" in asset]
    assert titles == ["数据范围", "检查次数", "各部门行政处罚", "风险等级分布"]
    assert page["charts/monthly.key_checks.yaml"]["params"]["x_axis"] == WHOLE_MONTH


def test_the_guide_s_page_is_a_page(root: Path) -> None:
    guide = (assets.DASHBOARDS.parent / "docs" / "add-a-page.md").read_text(encoding="utf-8")
    page = rendered(root, guide.split("```yaml\n")[1].split("```")[0], slug="guide")
    assert check.problems(root) == []
    assert len(page) == 8 + 1 + 1, "charts, the line at the top, the page"


def test_a_table_by_month_begins_with_the_newest(root: Path) -> None:
    page = rendered(
        root,
        PAGE.replace(
            "chart: share, of: red_objects, by: grade, where: {model: market_firm}",
            "chart: table, of: checks, by: month",
        ),
    )
    assert check.problems(root) == []
    settings = page["charts/monthly.table_checks_by_month.yaml"]["params"]
    assert settings["timeseries_limit_metric"]["sqlExpression"] == "MAX(month)"
    assert settings["order_desc"]


def test_every_box_lies_in_its_parent_and_a_row_is_full(root: Path) -> None:
    for page in ("monthly", "overview"):
        rendered(root)
        boxes = assets.load(root)[f"dashboards/{page}.yaml"]["position"]
        for name, box in boxes.items():
            for child in box.get("children", []) if isinstance(box, dict) else []:
                assert boxes[child]["parents"] == [*box["parents"], name]
            if name.startswith("ROW-"):
                room = boxes[box["parents"][-1]].get("meta", {}).get("width", 12)
                assert sum(boxes[child]["meta"]["width"] for child in box["children"]) == room


def test_a_chart_hears_only_what_its_table_knows(root: Path) -> None:
    page = rendered(root)["dashboards/monthly.yaml"]
    boxes = page["position"].values()
    charts = {box["meta"]["sliceName"]: box["meta"]["chartId"] for box in boxes if "sliceName" in str(box)}
    filters = {
        native["name"]: native["scope"]["excluded"] for native in page["metadata"]["native_filter_configuration"]
    }
    assert filters == {"部门": [charts["风险等级分布"]], "月份": [charts["风险等级分布"]]}
    clicks = page["metadata"]["chart_configuration"][str(charts["各部门行政处罚"])]["crossFilters"]
    assert clicks["scope"]["excluded"] == [charts["各部门行政处罚"], charts["风险等级分布"]]


def test_two_pages_share_no_id(root: Path) -> None:
    first, second = ids(rendered(root)), ids(rendered(root, slug="yearly"))
    overview = {path: asset for path, asset in assets.load(root).items() if "/overview." in path}
    assert len(first) == len(second) == 4 + 1 + 4
    assert not first & second
    assert not (first | second) & ids(overview)


def test_an_id_stays_when_titles_and_places_change(root: Path) -> None:
    before = ids(rendered(root))
    assert ids(rendered(root, PAGE.replace("检查月报", "监管月报").replace("width: 9", "width: 6"))) == before


def test_a_page_may_be_about_some_codes_only(root: Path) -> None:
    page = rendered(root, PAGE.replace("filters", "where: {city: '420100'}\nfilters"))
    charts = [asset for path, asset in page.items() if path.startswith("charts/")]
    for chart in charts:
        fixed = {
            each["subject"]: each["comparator"]
            for each in chart["params"]["adhoc_filters"]
            if each.get("operator") == "IN"
        }
        assert fixed.pop("city_code") == ["420100"]
        assert fixed in ({}, {"model": ["market_firm"]}, {"act": ["check_action", "punish_action"]})


def test_every_field_has_the_page_of_its_kind(root: Path) -> None:
    pages = {path: asset for path, asset in assets.load(root).items() if path.startswith("dashboards/field_")}
    assert {path: asset["dashboard_title"] for path, asset in pages.items()} == {
        f"dashboards/field_{name}.yaml": f"{field.title}总览" for name, field in fields().items()
    }
    chart = assets.load(root)["charts/field_drug.key_checks.yaml"]
    said = [(asked.get("subject"), asked.get("comparator")) for asked in chart["params"]["adhoc_filters"]]
    assert ("field", ["drug"]) in said


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("of: checks", "of: chekcs", "rows.0.0.key.of: no such metric: chekcs; did you mean checks"),
        ("of: checks", "of: [checks, punishments]", "rows.0.0.key.of: Value should have at most 1 item"),
        (
            "chart: key",
            "chart: keys",
            "rows.0.0: no such chart: there are key, trend, map, ranking, share, table, list",
        ),
        ("of: checks", "of: checks, color: red", "rows.0.0.key.color: unknown key"),
        ("filters:", "filter:", "filter: unknown key"),
        ("filters: [department", "filters: [deparment", "filters.0: no such dimension: deparment"),
        ("filters: [department", "filters: [item", "filters.0: no chart of the page knows item"),
        (
            "by: department",
            "by: industry",
            "rows.0.1.ranking.by: detail.punish_action has no column industry_section_name",
        ),
        ("by: department", "by: month", "rows.0.1.ranking.by: there is no ranking by that"),
        ("chart: share", "chart: map", "rows.1.0.map.by: there is no map by that"),
        ("fine_cny]", "objects]", "rows.0.1.ranking.of: no table has both objects and punishments"),
        ("by: department, ", "", "rows.0.1.ranking.by: is missing"),
        ("width: 9", "width: 12", "rows.0: too wide: a row has 12 columns"),
        ("title: 检查月报", "title: Checks", "title: must be Chinese: 'Checks'"),
        (
            "chart: share, of: red_objects, by: grade, where: {model: market_firm}",
            "chart: key, of: checks",
            "two charts are called key_checks",
        ),
        ("filters", "where: {department: scjg}\nfilters", "where.department: gold.risk_score of rows.1.0.share has no"),
        (", where: {model: market_firm}", "", "rows.1.0.share.where: gold.risk_score has a row a model: say which"),
        ("model: market_firm", "model: market", "rows.1.0.share.where.model: not in codes/risk_model: market"),
        ("filters", "where: {city: wuhan}\nfilters", "where.city: not in codes/region: wuhan"),
        ("title: 检查月报", "title: [", "not YAML"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_key(root: Path, right: str, wrong: str, complaint: str) -> None:
    assert right in PAGE
    file = root / "pages" / "monthly.yaml"
    file.write_text(PAGE.replace(right, wrong, 1), encoding="utf-8")
    [told] = check.problems(root)
    assert told.startswith(f"{file}: ")
    assert complaint in told


def test_an_export_may_not_take_the_name_of_what_a_page_renders(root: Path) -> None:
    rendered(root)
    (root / "charts").mkdir()
    file = root / "charts" / "monthly.key_checks.yaml"
    shutil.copy(root / "datasets" / "risk_score.yaml", file)
    assert (
        "charts/monthly.key_checks.yaml: (file): a page of pages/ is rendered to this name" in check.problems(root)[0]
    )
