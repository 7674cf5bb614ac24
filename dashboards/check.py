"""Pages, Superset's exports and contracts flow in, every broken promise flows out as `file: key: why`.

A page is judged where it is read (render/declaration.py, render/plan.py): what follows from it cannot be wrong. The
rules here are for what is written by hand: databases, datasets, colours, and what Superset has exported.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dashboards.render.assets import DASHBOARDS, written
from dashboards.render.colours import colours
from dashboards.render.datasets import with_columns
from dashboards.render.declaration import title_fault
from dashboards.render.pages import page_assets
from schemas.contract import Contract, contracts
from schemas.contract.labels import served_columns

Asset = dict[str, Any]
Assets = dict[str, Asset]
Problem = tuple[str, str, str]
Rule = Callable[[Assets], Iterator[Problem]]

LAYERS = ("gold", "themes", "detail", "ops")
READ_ONLY = {"access_mode": "read_only", "enable_external_access": False, "lock_configuration": True}
COLUMN_KEYS = ("x_axis", "entity", "groupby", "groupby_b", "all_columns")
METRIC_KEYS = ("metric", "metrics", "metrics_b", "secondary_metrics", "timeseries_limit_metric")
RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Registers a rule; its docstring is the sentence it holds."""
    RULES.append(function)
    return function


def kind(assets: Assets, name: str) -> Iterator[tuple[str, Asset]]:
    """The assets of one folder."""
    return ((path, asset) for path, asset in assets.items() if path.startswith(f"{name}/"))


def contract_of(dataset: Asset) -> Contract | None:
    """The contract of the table that a dataset shows, if there is one."""
    return contracts().get(f"{dataset['schema']}.{dataset['table_name']}")


def dataset_of(assets: Assets, chart: Asset) -> Asset | None:
    """The dataset that a chart reads, if there is one."""
    found = [dataset for _, dataset in kind(assets, "datasets") if dataset["uuid"] == chart["dataset_uuid"]]
    return found[0] if found else None


def dataset_columns(assets: Assets) -> dict[str, set[str]]:
    """The columns of each dataset that has a contract, by its uuid."""
    known = (dataset for _, dataset in kind(assets, "datasets") if contract_of(dataset))
    return {
        dataset["uuid"]: {column["column_name"] for column in with_columns(dataset)["columns"]} for dataset in known
    }


def as_list(value: Any) -> list[Any]:
    """A setting that may be missing, one value or several."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@rule
def uuids_are_unique(assets: Assets) -> Iterator[Problem]:
    """Every asset has its own uuid, else an import would overwrite another."""
    seen = Counter(asset.get("uuid") for asset in assets.values())
    for path, asset in assets.items():
        if asset.get("uuid") is None or seen[asset["uuid"]] > 1:
            yield path, "uuid", f"missing or used twice: {asset.get('uuid')}"


@rule
def databases_are_closed(assets: Assets) -> Iterator[Problem]:
    """The serving file is opened read-only, and SQL can neither leave it nor change that."""
    for path, database in kind(assets, "databases"):
        arguments = database["extra"]["engine_params"]["connect_args"]
        for key, wanted in READ_ONLY.items():
            if arguments["config"].get(key) != wanted:
                yield path, key, f"must be {wanted}"
        if arguments.get("read_only") is not True:
            yield path, "read_only", "must be True"


@rule
def datasets_have_contracts(assets: Assets) -> Iterator[Problem]:
    """A dataset shows a table of gold or themes, and leaves its columns to the contract."""
    databases = {database["uuid"] for _, database in kind(assets, "databases")}
    for path, dataset in kind(assets, "datasets"):
        if dataset["schema"] not in LAYERS:
            yield path, "schema", f"must be one of {', '.join(LAYERS)}: {dataset['schema']}"
        if contract_of(dataset) is None:
            yield path, "table_name", f"no contract schemas/{dataset['schema']}/{dataset['table_name']}.yaml"
        if dataset["database_uuid"] not in databases:
            yield path, "database_uuid", "no such database"
        if "columns" in dataset:
            yield path, "columns", "come from the contract, not from here"


@rule
def metrics_use_contract_columns(assets: Assets) -> Iterator[Problem]:
    """A metric is in Chinese and sums columns that the contract has."""
    for path, dataset in kind(assets, "datasets"):
        contract = contract_of(dataset)
        known = {column.name for column in served_columns(contract)} if contract else set()
        for metric in dataset["metrics"]:
            key = f"metrics.{metric['metric_name']}"
            if fault := title_fault(metric.get("verbose_name")):
                yield path, f"{key}.verbose_name", fault
            used = re.findall(r"\b[a-z_][a-z0-9_]*\b", re.sub(r"'[^']*'", "", metric["expression"]))
            for column in used:
                if contract and column not in known:
                    yield path, key, f"no column {column} in {contract.name}"


@rule
def metrics_mean_one_thing(assets: Assets) -> Iterator[Problem]:
    """A page names a metric and nothing else: wherever a name stands, it is the same figure under the same label."""
    labels: dict[str, str] = {}
    for path, dataset in kind(assets, "datasets"):
        for metric in dataset["metrics"]:
            name, label = metric["metric_name"], metric["verbose_name"]
            if labels.setdefault(name, label) != label:
                yield path, f"metrics.{name}", f"is {label} here and {labels[name]} elsewhere"
    for name in colours().metrics:
        if name not in labels:
            yield "colours.yaml", f"metrics.{name}", "no such metric"


@rule
def rates_divide_sums(assets: Assets) -> Iterator[Problem]:
    """A rate is the sum of numerators over the sum of denominators, never an average of rates."""
    for path, dataset in kind(assets, "datasets"):
        for metric in dataset["metrics"]:
            text = " ".join(metric["expression"].split())
            is_rate = re.search(r"_(rate|share)$", metric["metric_name"])
            divides = re.match(r"\(?(SUM|COUNT)\(.*\) \* 1\.0 / NULLIF\(\(?(SUM|COUNT)\(.*\), 0\)$", text)
            if is_rate and not divides:
                yield path, f"metrics.{metric['metric_name']}", "must read SUM(…) * 1.0 / NULLIF(SUM(…), 0)"


@rule
def charts_read_datasets(assets: Assets) -> Iterator[Problem]:
    """A chart has a Chinese title, a dataset, and uses only columns and metrics that exist."""
    columns = dataset_columns(assets)
    for path, chart in kind(assets, "charts"):
        if fault := title_fault(chart["slice_name"]):
            yield path, "slice_name", fault
        dataset = dataset_of(assets, chart)
        if dataset is None:
            yield path, "dataset_uuid", f"no such dataset: {chart['dataset_uuid']}"
        elif contract := contract_of(dataset):
            metrics = {metric["metric_name"] for metric in dataset["metrics"]}
            known = metrics | columns[dataset["uuid"]]
            for key, name, is_metric in names_used(chart["params"]):
                if name not in (metrics if is_metric else known):
                    yield path, f"params.{key}", f"no {'metric' if is_metric else 'column'} {name} in {contract.name}"
                if key == "order_by_cols" and name in metrics:
                    yield path, f"params.{key}", f"{name} is a metric too, by which Superset would sort; rename that"


def names_used(params: Asset) -> Iterator[tuple[str, str, bool]]:
    """Every column or metric that a chart's settings name: key, name, whether it must be a metric."""
    for keys, is_metric in ((COLUMN_KEYS, False), (METRIC_KEYS, True)):
        names = ((key, name) for key in keys for name in as_list(params.get(key)))
        # What is no text is SQL of the chart's own, and names nothing.
        yield from ((key, name, is_metric) for key, name in names if isinstance(name, str))
    for key in ("adhoc_filters", "adhoc_filters_b"):
        yield from (
            (key, item["subject"], False) for item in as_list(params.get(key)) if item["expressionType"] == "SIMPLE"
        )
    yield from (("order_by_cols", json.loads(item)[0], False) for item in as_list(params.get("order_by_cols")))
    yield from (("column_config", name, False) for name in params.get("column_config", {}))
    yield from (
        ("conditional_formatting", item["column"], False) for item in as_list(params.get("conditional_formatting"))
    )
    if params.get("x_axis_sort"):
        yield "x_axis_sort", params["x_axis_sort"], False


@rule
def dashboards_show_charts(assets: Assets) -> Iterator[Problem]:
    """A dashboard is in Chinese and has its own address, and each place on it holds a chart that exists."""
    uuids = {chart["uuid"] for _, chart in kind(assets, "charts")}
    slugs = Counter(dashboard["slug"] for _, dashboard in kind(assets, "dashboards"))
    numbers = Counter(node["meta"]["chartId"] for _, node in placed(assets))
    for path, dashboard in kind(assets, "dashboards"):
        if fault := title_fault(dashboard["dashboard_title"]):
            yield path, "dashboard_title", fault
        if slugs[dashboard["slug"]] > 1:
            yield path, "slug", f"used twice: {dashboard['slug']}"
    for path, node in placed(assets):
        if node["meta"]["uuid"] not in uuids:
            yield path, f"position.{node['id']}", f"no chart {node['meta']['uuid']}"
        if numbers[node["meta"]["chartId"]] > 1:
            yield path, f"position.{node['id']}.chartId", "used twice"


def placed(assets: Assets) -> Iterator[tuple[str, Asset]]:
    """Every place that holds a chart, with its dashboard."""
    for path, dashboard in kind(assets, "dashboards"):
        boxes = (node for node in dashboard["position"].values() if isinstance(node, dict))
        yield from ((path, box) for box in boxes if box["type"] == "CHART")


@rule
def charts_are_shown(assets: Assets) -> Iterator[Problem]:
    """A chart that no dashboard shows is left-over."""
    shown = {node["meta"]["uuid"] for _, node in placed(assets)}
    for path, chart in kind(assets, "charts"):
        if chart["uuid"] not in shown:
            yield path, "uuid", "no dashboard shows this chart"


@rule
def filters_have_columns(assets: Assets) -> Iterator[Problem]:
    """A filter is in Chinese and offers the values of a column that exists."""
    columns = dataset_columns(assets)
    for path, dashboard in kind(assets, "dashboards"):
        for native in dashboard["metadata"]["native_filter_configuration"]:
            if fault := title_fault(native["name"]):
                yield path, f"{native['id']}.name", fault
            for target in filter(None, native["targets"]):
                if (name := target["column"]["name"]) not in columns.get(target["datasetUuid"], ()):
                    yield path, f"{native['id']}.targets", f"no column {name} in its dataset"


def problems(root: Path = DASHBOARDS) -> list[str]:
    """All that is wrong, one line each."""
    pages, faults = page_assets(root)
    files = written(root)
    double = [f"{root.name}/{path}: (file): a page of pages/ is rendered to this name" for path in {*pages} & {*files}]
    assets = {**files, **pages}
    return [
        *faults,
        *double,
        *(f"{root.name}/{path}: {key}: {why}" for check in RULES for path, key, why in check(assets)),
    ]


def main() -> int:
    """`python -m dashboards.check`: silent when all is well."""
    found = problems()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
