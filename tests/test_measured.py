"""Metrics that follow from measures and indicators, as DuckDB reads them."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from dashboards.render import measured
from schemas.contract import Measure, indicators, tables


def _expression(dataset: str, name: str) -> str:
    metrics: list[dict[str, Any]] = measured.datasets("any")[f"datasets/{dataset}.yaml"]["metrics"]
    [metric] = (metric for metric in metrics if metric["metric_name"] == name)
    return str(metric["expression"])


def test_a_code_may_hold_apostrophes_and_quotation_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = ("it's", "'\"")
    counted = Measure.model_validate({"label": "样本", "count": True, "where": {"complaint_kind": codes}})
    complaint = tables("base")["base.complaint"].model_copy(update={"measures": {"oddities": counted}})
    monkeypatch.setattr(measured, "tables", lambda layer: {complaint.name: complaint} if layer == "base" else {})
    monkeypatch.setattr(measured, "indicators", dict)
    kinds = duckdb.sql("select unnest($codes) as complaint_kind", params={"codes": [*codes, "its"]})
    assert kinds.aggregate(_expression("complaint", "oddities")).fetchall() == [(2,)]


def test_an_amount_that_cannot_be_added_up_is_shown_by_its_numerator(monkeypatch: pytest.MonkeyPatch) -> None:
    amount = indicators()["coverage_rate"].model_copy(update={"denominator": None, "unit": "count"})
    monkeypatch.setattr(measured, "indicators", lambda: {amount.name: amount})
    rows = "select 'coverage_rate' as indicator, 'year' as period_kind, false as is_total, 3 as numerator"
    cells = duckdb.sql(f"{rows}, null::decimal(20, 2) as denominator")
    assert cells.aggregate(_expression("indicator", amount.name)).fetchall() == [(3,)]
