"""Points are learned the same every time, go the way they should, and carry nothing of who inspects."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.contract.risk import RiskModel
from spark_jobs.lake.home import Refused
from spark_jobs.risk.additive import Rows, rate, score, train
from spark_jobs.risk.measures import auc
from spark_jobs.risk.written import text_of

DAY = date(2026, 6, 30)


def _draft() -> RiskModel:
    """A model of true risk, of the quarter that a strict inspector visits, and of an industry."""
    numbers = {"risk": ["up", [-1, -0.5, 0, 0.5, 1]], "quarter": [None, [0.5]]}
    indicators: list[dict[str, Any]] = [
        {
            "name": name,
            "label": "试验",
            "measure": {"kind": "value", "column": name},
            "reason": "{value}",
            "monotone": monotone,
            "cuts": [Decimal(str(cut)) for cut in cuts],
        }
        for name, (monotone, cuts) in numbers.items()
    ]
    state = {
        "name": "industry",
        "label": "行业",
        "measure": {"kind": "state", "column": "industry"},
        "reason": "{value}",
    }
    told: dict[str, Any] = {"title": "试验", "doc": "d", "model": "m", "version": "1", "kind": "learned"}
    told |= {"file": Path("m.yaml"), "valid_from": DAY, "author": "li", "indicators": [*indicators, state]}
    return RiskModel.model_validate(told)


def _rows(count: int = 4000) -> Rows:
    """In quarter 1 the inspector finds three times as often; places there are no worse."""
    rng = np.random.default_rng(11)
    risk = np.round(rng.normal(0, 1, count), 2)
    quarter = (rng.random(count) < 0.5).astype(float)
    strict = np.where(rng.random(count) < 0.9, quarter, 1 - quarter)
    industry = rng.choice(np.array(["F", "H"], dtype=object), count)
    chance = 1 / (1 + np.exp(-(-2.5 + 0.9 * risk + 1.3 * strict + 0.6 * (industry == "H"))))
    levels = {"risk": risk, "quarter": quarter, "industry": industry}
    return Rows(levels, rng.random(count) < chance, np.ones(count), np.where(strict == 1, "strict", "mild"))


@pytest.fixture(scope="module")
def rows() -> Rows:
    return _rows()


@pytest.fixture(scope="module")
def trained(rows: Rows) -> RiskModel:
    return train(_draft(), rows, "made up", DAY, DAY, 7)


@pytest.mark.train
def test_the_same_seed_gives_the_same_bytes(rows: Rows, trained: RiskModel) -> None:
    assert text_of(train(_draft(), rows, "made up", DAY, DAY, 7)) == text_of(trained)


@pytest.mark.train
def test_points_rise_with_risk_and_carry_no_inspector(rows: Rows, trained: RiskModel) -> None:
    points = {one.name: one for one in trained.indicators}
    assert list(points["risk"].points) == sorted(points["risk"].points)
    assert points["risk"].most > 60
    assert points["industry"].points_of["H"] > points["industry"].points_of["F"]
    # Without being told who inspected, the quarter would stand for the inspector.
    blind = Rows(rows.levels, rows.found, rows.weight, np.full(len(rows.found), ""))
    told = {one.name: one for one in train(_draft(), blind, "made up", DAY, DAY, 7).indicators}
    spread = float(max(points["quarter"].points) - min(points["quarter"].points))
    assert spread < float(max(told["quarter"].points) - min(told["quarter"].points)) / 3


@pytest.mark.train
def test_the_calibration_tells_the_share_that_is_found(rows: Rows, trained: RiskModel) -> None:
    other = _rows(3999)
    scores = score(trained, rows)
    assert rate(trained, scores).mean() == pytest.approx(rows.found.mean(), rel=0.1)
    assert auc(score(trained, other), other.found) > 0.65


def test_too_few_findings_teach_nothing(rows: Rows) -> None:
    few = rows.chosen(np.flatnonzero(~rows.found)[:500])
    with pytest.raises(Refused, match="m: 0 of 500 checks found a problem; 50 of each are needed"):
        train(_draft(), few, "made up", DAY, DAY, 7)
