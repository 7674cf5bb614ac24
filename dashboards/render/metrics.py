"""Where a metric comes from: measures, indicators and `datasets/*.yaml` flow in, metrics by name flow out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from dashboards.render import measured
from dashboards.render.dimensions import DIMENSIONS
from schemas.contract import Contract, contracts
from schemas.contract.labels import served_columns


@dataclass(frozen=True)
class Metric:
    """A figure that a chart may show."""

    name: str
    label: str
    sql: str
    format: str
    means: str | None
    """The definition (口径), in Chinese."""

    @property
    def axis_format(self) -> str:
        """As the format, but whole percents: an axis has no room for more."""
        return ".0%" if self.format.endswith("%") else self.format


@dataclass(frozen=True)
class Dataset:
    """A served table with the metrics that Superset computes from it."""

    path: str
    uuid: str
    contract: Contract
    time: str | None
    metrics: tuple[Metric, ...]

    @cached_property
    def columns(self) -> set[str]:
        """The names of the table's columns."""
        return {column.name for column in served_columns(self.contract)}


@dataclass(frozen=True)
class Catalogue:
    """All that pages may name."""

    datasets: tuple[Dataset, ...]

    def of_metric(self, name: str) -> tuple[Metric, Dataset] | None:
        """The metric and the first dataset that has it."""
        metrics = ((metric, dataset) for dataset in self.datasets for metric in dataset.metrics)
        return next((pair for pair in metrics if pair[0].name == name), None)

    def names(self) -> list[str]:
        """The names of all metrics."""
        return sorted({metric.name for dataset in self.datasets for metric in dataset.metrics})

    def of_metrics(self, names: Sequence[str], columns: Collection[str]) -> tuple[list[Metric], Dataset] | None:
        """The metrics of one chart, and the first dataset that has all of them and these columns."""
        for dataset in self.datasets:
            own = {metric.name: metric for metric in dataset.metrics}
            if own.keys() >= {*names} and dataset.columns >= {*columns}:
                return [own[name] for name in names], dataset
        return None

    def of_table(self, name: str) -> Dataset | None:
        """The dataset of a table such as gold.risk_score."""
        return next((dataset for dataset in self.datasets if dataset.contract.name == name), None)


def dataset_assets(root: Path) -> dict[str, dict[str, Any]]:
    """The datasets by path: those that follow from measures and indicators, and those written in the folder."""
    database = yaml.safe_load((root / "databases" / "serving.yaml").read_text(encoding="utf-8"))
    files = sorted((root / "datasets").glob("*.yaml"))
    written = {f"datasets/{file.name}": yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}
    every = {**measured.datasets(database["uuid"]), **written}
    return {path: {**asset, "metrics": [*asset["metrics"], *_orders(asset)]} for path, asset in every.items()}


def _orders(asset: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """What orders the values of a filter or a table that have an order of their own."""
    contract = contracts().get(f"{asset['schema']}.{asset['table_name']}")
    columns = {column.name for column in contract.columns} if contract else set()
    for dimension in DIMENSIONS.values():
        if dimension.order and dimension.code in columns:
            sql = f"MIN({dimension.code})"
            yield {
                "metric_name": dimension.order,
                "verbose_name": f"{dimension.title}次序",
                "expression": sql,
                "d3format": "",
            }


def catalogue(root: Path) -> Catalogue:
    """The datasets of a folder; one whose table has no contract can show nothing, and the lint says so."""
    return Catalogue(tuple(_datasets(dataset_assets(root).items())))


def _datasets(assets: Iterable[tuple[str, dict[str, Any]]]) -> Iterable[Dataset]:
    for path, asset in assets:
        contract = contracts().get(f"{asset['schema']}.{asset['table_name']}")
        if contract:
            metrics = tuple(_metric(metric) for metric in asset["metrics"])
            time = "month" if asset["main_dttm_col"] == "month" else None
            yield Dataset(path, asset["uuid"], contract, time, metrics)


def _metric(asset: dict[str, Any]) -> Metric:
    return Metric(
        asset["metric_name"], asset["verbose_name"], asset["expression"], asset["d3format"], asset.get("description")
    )
