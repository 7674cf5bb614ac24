"""The dashboards keep their promises, and the lint sees it when they do not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import check
from dashboards.render import assets, datasets
from dashboards.render.shapes import region_shapes
from schemas.contract import code_list, contracts
from schemas.contract.labels import served_columns

CITIES = 17


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = tmp_path / "dashboards"
    for kind in assets.KINDS:
        shutil.copytree(assets.DASHBOARDS / kind, root / kind)
    return root


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    asset = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(asset)
    file.write_text(yaml.safe_dump(asset, allow_unicode=True), encoding="utf-8")


def test_lint_passes() -> None:
    assert check.problems() == []


@pytest.mark.parametrize(
    ("file", "change", "complaint"),
    [
        (
            "charts/riskiest_objects.yaml",
            lambda chart: chart["params"]["all_columns"].append("scroe"),
            "dashboards/charts/riskiest_objects.yaml: params.all_columns: no column scroe in gold.risk_score",
        ),
        (
            "charts/riskiest_objects.yaml",
            lambda chart: chart["params"]["order_by_cols"].pop(),
            "params.order_by_cols: must hold the key of gold.risk_score: object_id",
        ),
        (
            "charts/city_map.yaml",
            lambda chart: chart["params"].update(metric="problem_ratio"),
            "no metric problem_ratio in gold.region_department_month",
        ),
        ("charts/city_map.yaml", lambda chart: chart.update(slice_name="City map"), "slice_name: must be Chinese"),
        ("charts/city_map.yaml", lambda chart: chart.update(dataset_uuid="x"), "no such dataset"),
        (
            "datasets/risk_score.yaml",
            lambda dataset: dataset.update(table_name="risk"),
            "no contract schemas/gold/risk.yaml",
        ),
        ("datasets/risk_score.yaml", lambda dataset: dataset.update(schema="base"), "must be one of gold, themes"),
        (
            "datasets/region_department_month.yaml",
            lambda dataset: dataset["metrics"][2].update(expression="AVG(checks_with_problem / checks)"),
            "metrics.problem_rate: must read SUM",
        ),
        (
            "databases/serving.yaml",
            lambda database: database["extra"]["engine_params"]["connect_args"]["config"].pop("enable_external_access"),
            "enable_external_access: must be False",
        ),
        (
            "dashboards/overview.yaml",
            lambda dashboard: dashboard["position"].pop("CHART-city_map"),
            "charts/city_map.yaml: uuid: no dashboard shows this chart",
        ),
        (
            "dashboards/overview.yaml",
            lambda dashboard: dashboard["metadata"]["native_filter_configuration"][0]["targets"][0]["column"].update(
                name="town"
            ),
            "no column town in its dataset",
        ),
    ],
)
def test_lint_finds(copy: Path, file: str, change: Callable[[dict[str, Any]], object], complaint: str) -> None:
    edit(copy / file, change)
    assert [line for line in check.problems(copy) if complaint in line]


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
    assert check.CHINESE.search(columns["score"]["verbose_name"])
    assert columns["score"]["type"].startswith("DECIMAL")
    assert columns["as_of"]["is_dttm"]
    assert not columns["reasons"]["groupby"]


def test_every_served_column_has_a_chinese_label() -> None:
    for dataset in (asset for path, asset in assets.load().items() if path.startswith("datasets/")):
        for column in datasets.with_columns(dataset)["columns"]:
            assert check.CHINESE.search(column["verbose_name"]), column["column_name"]


def test_import_changes_with_the_home_and_only_with_what_it_brings() -> None:
    here, there = Path("/a/serving/lakewarden.duckdb"), Path("/b/serving/lakewarden.duckdb")
    assert assets.fingerprint(assets.rendered(here)) == assets.fingerprint(assets.rendered(here))
    assert assets.fingerprint(assets.rendered(here)) != assets.fingerprint(assets.rendered(there))
    assert "duckdb:////a/serving/lakewarden.duckdb" in assets.rendered(here)["databases/serving.yaml"]
