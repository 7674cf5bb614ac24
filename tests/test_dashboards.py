"""The dashboards keep their promises, and the lint sees it when they do not."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest
import yaml

from dashboards import check
from dashboards.render import assets, datasets
from dashboards.render.declaration import CHINESE
from dashboards.render.shapes import region_shapes
from schemas.contract import code_list, contracts
from schemas.contract.labels import served_columns
from spark_jobs.services.environments import BI_BIN, PROJECT

CITIES = 17


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The dashboards as they are, and beside the page what Superset would export of it, under ids of its own."""
    root = tmp_path / "dashboards"
    for kind in ("databases", "datasets", "pages"):
        shutil.copytree(assets.DASHBOARDS / kind, root / kind)
    for path, asset in exported().items():
        file = root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(asset, allow_unicode=True), encoding="utf-8")
    return root


def exported() -> dict[str, dict[str, Any]]:
    """The map and its own dashboard."""
    rendered = assets.load()
    chart = rendered["charts/overview.map_problem_rate_by_city.yaml"] | {"uuid": str(uuid4())}
    dashboard = rendered["dashboards/overview.yaml"] | {"uuid": str(uuid4()), "slug": "exported"}
    place = {"id": "CHART-map", "type": "CHART", "meta": {"uuid": chart["uuid"], "chartId": 1}}
    dashboard["position"] = {"DASHBOARD_VERSION_KEY": "v2", "CHART-map": place}
    return {"charts/map.yaml": chart, "dashboards/exported.yaml": dashboard}


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    asset = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(asset)
    file.write_text(yaml.safe_dump(asset, allow_unicode=True), encoding="utf-8")


def test_lint_passes() -> None:
    assert check.problems() == []


def test_a_raw_export_stands_beside_the_pages(copy: Path) -> None:
    assert check.problems(copy) == []
    assert {*exported()} < {*assets.load(copy)}


def metric(dataset: dict[str, Any], name: str) -> dict[str, Any]:
    return next(metric for metric in dataset["metrics"] if metric["metric_name"] == name)


@pytest.mark.parametrize(
    ("file", "change", "complaint"),
    [
        (
            "charts/map.yaml",
            lambda chart: chart["params"].update(entity="town"),
            "dashboards/charts/map.yaml: params.entity: no column town in gold.supervision_month",
        ),
        (
            "charts/map.yaml",
            lambda chart: chart["params"].update(metric="problem_ratio"),
            "no metric problem_ratio in gold.supervision_month",
        ),
        ("charts/map.yaml", lambda chart: chart.update(slice_name="City map"), "slice_name: must be Chinese"),
        ("charts/map.yaml", lambda chart: chart.update(dataset_uuid="x"), "no such dataset"),
        (
            "datasets/risk_score.yaml",
            lambda dataset: dataset.update(table_name="risk"),
            "no contract schemas/gold/risk.yaml",
        ),
        ("datasets/risk_score.yaml", lambda dataset: dataset.update(schema="base"), "must be one of gold, themes"),
        (
            "datasets/risk_score.yaml",
            lambda dataset: metric(dataset, "red_share").update(expression="AVG(score)"),
            "metrics.red_share: must read SUM",
        ),
        (
            "datasets/risk_score.yaml",
            lambda dataset: metric(dataset, "red_share").update(metric_name="problem_rate"),
            "metrics.problem_rate: is 红色风险占比 here and 问题发现率 elsewhere",
        ),
        (
            "datasets/flow.yaml",
            lambda dataset: dataset["metrics"].append({**metric(dataset, "rows_lost"), "metric_name": "rows_missing"}),
            "rows_missing is a metric too, by which Superset would sort",
        ),
        (
            "databases/serving.yaml",
            lambda database: database["extra"]["engine_params"]["connect_args"]["config"].pop("enable_external_access"),
            "enable_external_access: must be False",
        ),
        (
            "dashboards/exported.yaml",
            lambda dashboard: dashboard["position"].pop("CHART-map"),
            "charts/map.yaml: uuid: no dashboard shows this chart",
        ),
        ("dashboards/exported.yaml", lambda dashboard: dashboard.update(slug="overview"), "slug: used twice: overview"),
        (
            "dashboards/exported.yaml",
            lambda dashboard: target(dashboard, "NATIVE_FILTER-city").update(name="town"),
            "no column town in its dataset",
        ),
    ],
)
def test_lint_finds(copy: Path, file: str, change: Callable[[dict[str, Any]], object], complaint: str) -> None:
    edit(copy / file, change)
    assert [line for line in check.problems(copy) if complaint in line]


def target(dashboard: dict[str, Any], native: str) -> dict[str, Any]:
    filters = {each["id"]: each for each in dashboard["metadata"]["native_filter_configuration"]}
    column: dict[str, Any] = filters[native]["targets"][0]["column"]
    return column


def test_shapes_cover_every_prefecture() -> None:
    shapes = region_shapes()
    labels = {code.code: code.label for code in code_list("region")}
    assert len(shapes) == CITIES
    for row in shapes:
        assert row["city_name"] == labels[row["city_code"]], "the map finds its rows by this name"
        outline = json.loads(row["polygon"])
        points = [point for polygon in outline["coordinates"] for ring in polygon for point in ring]
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        assert outline["type"] == "MultiPolygon"
        assert west < row["longitude"] < east
        assert south < row["latitude"] < north


def test_datasets_take_columns_and_chinese_labels_from_contracts() -> None:
    dataset = assets.load()["datasets/risk_score.yaml"]
    columns = {column["column_name"]: column for column in datasets.with_columns(dataset)["columns"]}
    assert list(columns) == [column.name for column in served_columns(contracts()["gold.risk_score"])]
    assert CHINESE.search(columns["score"]["verbose_name"])
    assert columns["score"]["type"].startswith("DECIMAL")
    assert columns["as_of"]["is_dttm"]
    assert not columns["reasons"]["groupby"]


def test_a_code_beside_its_label_is_not_offered_to_people() -> None:
    dataset = assets.load()["datasets/supervision_month.yaml"]
    offered = [column["column_name"] for column in datasets.with_columns(dataset)["columns"] if column["groupby"]]
    assert {"city_name", "department_name", "month"} <= set(offered)
    assert not {"city_code", "department", datasets.WHOLE_MONTH} & set(offered)


@pytest.mark.parametrize(
    ("months", "shown"), [(["2026-05", "2026-06", "2026-07"], ["2026-06", "2026-07"]), (["2026-05"], ["2026-05"])]
)
def test_a_curve_begins_with_the_first_month_that_is_surely_whole(months: list[str], shown: list[str]) -> None:
    rows = ", ".join(f"(date '{month}-01')" for month in months)
    with duckdb.connect() as database:
        database.execute(f"create table acts as select * from (values {rows}) as acts(month)")
        curve = f"select strftime({datasets.whole_month_sql('acts')}, '%Y-%m') as month from acts order by month"
        assert [month for (month,) in database.sql(curve).fetchall() if month] == shown


def test_every_served_column_has_a_chinese_label() -> None:
    for dataset in (asset for path, asset in assets.load().items() if path.startswith("datasets/")):
        for column in datasets.with_columns(dataset)["columns"]:
            assert CHINESE.search(column["verbose_name"]), column["column_name"]


def test_import_changes_with_the_home_and_only_with_what_it_brings() -> None:
    here, there = Path("/a/serving/lakewarden.duckdb"), Path("/b/serving/lakewarden.duckdb")
    assert assets.fingerprint(assets.rendered(here)) == assets.fingerprint(assets.rendered(here))
    assert assets.fingerprint(assets.rendered(here)) != assets.fingerprint(assets.rendered(there))
    assert "duckdb:////a/serving/lakewarden.duckdb" in assets.rendered(here)["databases/serving.yaml"]


@pytest.mark.skipif(not (BI_BIN / "python").exists(), reason="Superset is not installed: make setup")
def test_every_message_on_the_way_of_leader_and_analyst_is_chinese() -> None:
    subprocess.run([str(BI_BIN / "python"), "-m", "tests.superset_words"], cwd=PROJECT, check=True)


def charts() -> dict[str, dict[str, Any]]:
    return {path: asset for path, asset in assets.load().items() if path.startswith("charts/")}


def test_every_chart_says_what_its_figures_count() -> None:
    pages = [asset for path, asset in assets.load().items() if path.startswith("dashboards/")]
    opened = {number for page in pages for number in page["metadata"]["expanded_slices"]}
    places = {box["meta"]["uuid"]: box["meta"]["chartId"] for page in pages for box in boxes(page)}
    for path, chart in charts().items():
        if chart["viz_type"] != "scope":
            assert CHINESE.search(chart["description"] or ""), path
            assert str(places[chart["uuid"]]) in opened, path


def boxes(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [box for box in page["position"].values() if isinstance(box, dict) and box["type"] == "CHART"]


ACTLESS = {f"dashboards/{page}.yaml" for page in ("data", "offsite", "clue", "warning")}  # pages that count no acts


def test_every_page_begins_with_how_far_its_acts_reach() -> None:
    rendered = assets.load()
    for path, page in rendered.items():
        if path.startswith("dashboards/") and path not in ACTLESS:
            first = page["position"][page["position"]["GRID_ID"]["children"][0]]["children"]
            assert first == ["CHART-scope"], path
    about = rendered["charts/field_drug.scope.yaml"]["params"]
    assert dict(about["acts"]) == {
        "check_action": "行政检查行为",
        "punish_action": "行政处罚行为",
        "complaint": "投诉举报",
    }
    fixed = {each["subject"]: each["comparator"] for each in about["adhoc_filters"] if each["operator"] == "IN"}
    assert fixed == {"field": ["drug"], "act": list(dict(about["acts"]))}


def test_the_list_of_risks_is_red_and_orange_and_says_from_how_many_points() -> None:
    chart = charts()["charts/overview.list_gold_risk_score.yaml"]
    fixed = {each["subject"]: each["comparator"] for each in chart["params"]["adhoc_filters"]}
    assert fixed["grade"] == ["red", "orange"]
    assert "红色45分以上，橙色25分以上，黄色8分以上，其余蓝色" in chart["description"]
    assert "reasons_text" in chart["params"]["all_columns"]


def test_a_rate_s_line_has_an_axis_near_its_data_and_its_bars_one_from_zero() -> None:
    lines = [chart["params"] for chart in charts().values() if chart["viz_type"] == "mixed_timeseries"]
    rates = [params for params in lines if params["y_axis_format_secondary"].endswith("%")]
    bars = [
        chart["params"]
        for chart in charts().values()
        if chart["params"].get("orientation") == "horizontal" and chart["params"]["y_axis_format"].endswith("%")
    ]
    assert len(rates) > 5
    assert len(bars) > 5
    for params in rates:
        assert params["y_axis_bounds_secondary"] == [None, None]
        assert "scale: true, alignTicks: false, minInterval: 0.05, maxInterval: 0.2" in params["echart_options"]
    for params in bars:
        assert params["y_axis_bounds"] == [0, None]
        assert "minInterval: 0.05, maxInterval: 0.2" in params["echart_options"]


def test_an_axis_of_whole_numbers_has_whole_marks() -> None:
    """Where the largest figure is 2, marks of 0.5 would be written 0, 1, 1, 2, 2."""
    painted = {chart["slice_name"]: chart["params"] for chart in charts().values()}
    assert painted["存疑情形"]["echart_options"] == "{xAxis: {minInterval: 1}}"
    assert painted["检查、移动检查与全过程记录率"]["echart_options"].startswith(
        "{yAxis: [{alignTicks: false, minInterval: 1},"
    )


def test_a_ranking_leaves_out_what_has_no_value() -> None:
    """As Superset asks for it: of a department whose rules are all doubtful there is no score."""
    chart = next(chart for chart in charts().values() if chart["slice_name"] == "各部门数据质量得分")
    [valued] = [each for each in chart["params"]["adhoc_filters"] if each["clause"] == "HAVING"]
    with duckdb.connect() as database:
        database.execute("create table quality (department text, is_doubt boolean, rows_judged int, rows_wrong int)")
        database.execute("insert into quality values ('甲', false, 4, 1), ('乙', true, 4, 1), ('丙', false, 0, 0)")
        asked = f"select department from quality group by department having {valued['sqlExpression']}"
        assert database.sql(asked).fetchall() == [("甲",)]


def test_a_month_without_data_is_asked_for_as_a_gap() -> None:
    curves = [chart["params"] for chart in charts().values() if chart["params"].get("x_axis") == datasets.WHOLE_MONTH]
    assert len(curves) > 20
    for params in curves:
        assert (params["resample_rule"], params["resample_method"]) == ("1MS", "asfreq"), "zerofill would draw a zero"
        if params["viz_type"] == "mixed_timeseries":
            assert (params["resample_rule_b"], params["resample_method_b"]) == ("1MS", "asfreq")


def test_months_are_picked_as_months_and_prefectures_in_their_official_order() -> None:
    page = assets.load()["dashboards/overview.yaml"]["metadata"]["native_filter_configuration"]
    filters = {each["name"]: each for each in page}
    assert {each["filterType"] for each in page} == {"filter_select"}
    assert filters["月份"]["targets"][0]["column"]["name"] == datasets.MONTH_TEXT
    assert not filters["月份"]["controlValues"]["sortAscending"], "the newest first"
    assert filters["市州"]["sortMetric"] == "city_code_order"
    table = charts()["charts/overview.table_checks_by_city.yaml"]["params"]
    assert (table["timeseries_limit_metric"], table["order_desc"]) == ("city_code_order", False)


def test_only_the_months_of_two_years_are_offered_and_drawn() -> None:
    """Records of some kinds reach back for many years, in single rows."""
    table = {"schema": "gold", "table_name": "supervision_month"}
    month, drawn = datasets.month_text(table), datasets.whole_month(table)
    with duckdb.connect() as database:
        database.execute("create schema gold; create table gold.supervision_month (month date)")
        database.execute(
            "insert into gold.supervision_month values ('2022-01-01'), ('2024-11-01'), ('2024-12-01'), ('2026-11-01')"
        )
        asked = f"select {month['expression']} as offered from gold.supervision_month order by month"
        assert database.sql(asked).fetchall() == [(None,), (None,), ("2024-12",), ("2026-11",)]
        asked = f"select cast({drawn['expression']} as varchar) as drawn from gold.supervision_month order by month"
        assert database.sql(asked).fetchall() == [(None,), (None,), ("2024-12-01",), ("2026-11-01",)]
    page = assets.load()["dashboards/overview.yaml"]["metadata"]["native_filter_configuration"]
    [offered] = next(each["adhoc_filters"] for each in page if each["name"] == "月份")
    assert (offered["subject"], offered["operator"]) == (datasets.MONTH_TEXT, "IS NOT NULL")


def test_a_ranking_of_cities_leaves_out_the_province_itself_and_says_so() -> None:
    rankings = [chart for chart in charts().values() if chart["params"].get("x_axis") == "city_name"]
    assert len(rankings) > 3
    for chart in rankings:
        left_out = [each for each in chart["params"]["adhoc_filters"] if each.get("operator") == "NOT IN"]
        assert [(each["subject"], each["comparator"]) for each in left_out] == [("city_code", ["420000"])]
        assert "不含省本级。" in chart["description"]


def test_bars_of_several_figures_are_few_enough_to_be_told_apart() -> None:
    chart = charts()["charts/overview.ranking_checks_by_department.yaml"]["params"]
    assert (chart["row_limit"], chart["show_value"]) == (10, False)


def test_fines_are_called_fines() -> None:
    """Nothing that is confiscated is delivered."""
    labels = {metric["verbose_name"] for path, asset in assets.load().items() for metric in asset.get("metrics", [])}
    assert {"罚款金额（万元）", "案均罚款金额（元）"} <= labels
    assert not [label for label in labels if "罚没" in label]


def test_a_chart_that_does_not_hear_a_filter_says_so() -> None:
    told = charts()
    for name in ("key_objects", "key_red_objects", "share_objects_by_grade", "list_gold_risk_score"):
        assert told[f"charts/overview.{name}.yaml"]["description"].endswith("不随部门、月份筛选变化。"), name
    assert "不随" not in told["charts/overview.key_checks.yaml"]["description"]
