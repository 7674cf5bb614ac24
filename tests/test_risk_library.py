"""Versions of risk models: what a learned one gives, who may put one in force, and that it is not edited afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contract import ContractError
from schemas.contract.lint import broken_models
from schemas.contract.lint.risk import broken_drafts
from schemas.contract.risk import RiskModel, drafts, read_risk_model, risk_models, shadows_on, studies, valid_on
from spark_jobs.building.scoring_sql import study_sql
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home, Refused
from spark_jobs.risk.additive import Rows, rate, score
from spark_jobs.risk.library import approve, in_force, retire, state_of, version_named
from spark_jobs.risk.written import text_of

DAY = date(2026, 6, 30)
LEARNED = """
title: 试验学习模型
doc: For tests.
model: market_firm
version: "9"
kind: learned
author: li
valid_from: 2026-01-01
shadow: true
grades: {red: 60, orange: 40, yellow: 20}
indicators:
  - name: problems
    label: 检查发现问题
    measure: {kind: events, of: checks_with_problem}
    window_days: 365
    monotone: up
    cuts: [1, 2.5]
    points: [0, 12.34, 60]
    reason: 发现问题{value}次
  - name: unchecked
    label: 距上次检查天数
    measure: {kind: since, of: checks}
    cuts: [30]
    points: [5, 0]
    points_missing: 10
    reason: 已{value}日未检查
    reason_missing: 尚无检查记录
  - name: industry
    label: 行业门类
    measure: {kind: state, column: industry_section}
    points_of: {F: 30, H: 0}
    points_missing: 3
    reason: 行业门类为“{value}”
calibration: {0: 0.05, 20: 0.1, 60: 0.4}
"""


def _forget() -> None:
    risk_models.cache_clear()
    studies.cache_clear()
    drafts.cache_clear()


@pytest.fixture
def further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of risk models of a further schemas folder, with one learned shadow."""
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path))
    folder = tmp_path / "risk"
    folder.mkdir()
    (folder / "learned.yaml").write_text(LEARNED, "utf-8")
    _forget()
    yield folder
    _forget()


def _read(folder: Path, change: str, to: str) -> RiskModel:
    assert change in LEARNED
    path = folder / "changed.yaml"
    path.write_text(LEARNED.replace(change, to, 1), "utf-8")
    return read_risk_model(path)


@pytest.mark.parametrize(
    ("change", "to", "sentence"),
    [
        ("points: [0, 12.34, 60]", "points: [0, 60]", "indicators.problems: points must be one more than cuts"),
        ("points: [0, 12.34, 60]", "points: [0, 60, 12.34]", "points do not go the way that monotone says"),
        ("cuts: [1, 2.5]", "cuts: [2.5, 1]", "cuts must rise"),
        ("points: [0, 12.34, 60]", "points: [0, 12.34, 90]", "the highest points add up to 130, not about 100"),
        ("20: 0.1,", "20: 0.01,", "calibration must rise, in score and in rate"),
        ("kind: learned", "kind: expert", "indicators.problems: a model is learned or an expert's as a whole"),
        ("valid_from: 2026-01-01", "valid_from: 2026-01-01\nvalid_to: 2025-01-01", "valid_to lies before valid_from"),
        ("author: li", "author: li\napproved: {by: li, at: 2026-02-01, why: x}", "li wrote it; somebody else"),
    ],
)
def test_a_learned_model_is_read_strictly(tmp_path: Path, change: str, to: str, sentence: str) -> None:
    with pytest.raises(ContractError, match=sentence):
        _read(tmp_path, change, to)


def test_a_shadow_is_never_in_force(further: Path) -> None:
    assert [model.name for model in shadows_on(DAY, risk_models()) if model.version == "9"] == ["market_firm@9"]
    assert "9" not in {model.version for model in valid_on(DAY, risk_models())}
    assert broken_models() == []
    learned = version_named("market_firm@9")
    assert (state_of(learned, DAY), state_of(learned, date(2025, 1, 1))) == ("shadow", "not yet")


def test_a_draft_is_looked_up_and_has_no_points(further: Path) -> None:
    assert broken_drafts() == []
    folder = further.parent / "drafts"
    folder.mkdir()
    path = folder / "market_firm.yaml"
    path.write_text(LEARNED.replace("of: checks_with_problem", "of: checks_with_problems"), "utf-8")
    drafts.cache_clear()
    assert broken_drafts() == [
        f"{path}: indicators: have points already; a model that scores lies in risk/",
        f"{path}: indicators.problems.measure.of: no table has a measure checks_with_problems that counts or sums acts "
        "on objects",
    ]


def test_a_learned_version_needs_an_approval_to_be_in_force(further: Path) -> None:
    (further / "learned.yaml").write_text(LEARNED.replace("shadow: true\n", ""), "utf-8")
    assert any("approved: is missing" in fault for fault in broken_models())


def test_only_another_than_the_author_approves_and_with_a_reason(further: Path) -> None:
    learned = version_named("market_firm@9")
    with pytest.raises(Refused, match="Li wrote market_firm@9: somebody else approves it"):
        approve(learned, "Li", DAY, "better")
    with pytest.raises(Refused, match="--why must say why"):
        approve(learned, "wang", DAY, " ")
    path = approve(learned, "wang", DAY, "monotone on the hold-out")
    read = read_risk_model(path)
    assert read.approved is not None
    assert (read.approved.by, read.approved.at, read.shadow, read.valid_from) == ("wang", DAY, False, DAY)
    assert broken_models() == []
    assert [model.name for model in valid_on(DAY, risk_models()) if model.model == "market_firm"] == ["market_firm@9"]
    assert in_force(version_named("market_firm@2026.2"), DAY) == version_named("market_firm@9")
    with pytest.raises(Refused, match="was approved by wang"):
        approve(version_named("market_firm@9"), "zhao", DAY, "again")


def test_an_approved_version_is_not_edited(further: Path) -> None:
    path = approve(version_named("market_firm@9"), "wang", DAY, "monotone on the hold-out")
    text = path.read_text("utf-8")
    path.write_text(text.replace("title: 试验学习模型", "title: 试验学习模型二"), "utf-8")
    assert broken_models() == []  # what decides no score may be said better
    path.write_text(text.replace("12.34", "12.35"), "utf-8")
    assert any("9 was approved and is not as it was; make a new version" in fault for fault in broken_models())
    path.write_text(text, "utf-8")
    (further / "approved.csv").unlink()
    assert any("no record of it in approved.csv" in fault for fault in broken_models())


def test_a_version_ends_on_a_day_and_the_general_one_needs_another(further: Path) -> None:
    with pytest.raises(Refused, match="no other version follows"):
        retire(version_named("market_firm@2026.2"), DAY, "old")
    path = retire(version_named("market_firm@9"), DAY, "measured worse")
    assert read_risk_model(path).valid_to == DAY
    assert "# measured worse" in path.read_text("utf-8")
    assert [model.version for model in shadows_on(date(2026, 7, 1), risk_models()) if model.version == "9"] == []


def test_names_that_are_not_there_are_told(further: Path) -> None:
    with pytest.raises(Refused, match=r"no model is called 'market_frm'.*market_firm"):
        version_named("market_frm")
    with pytest.raises(Refused, match=r"market_firm has no version '7'; it has 2026\.2, "):
        version_named("market_firm@7")


def test_what_is_written_reads_as_it_was(further: Path) -> None:
    learned = version_named("market_firm@9")
    copy = further / "learned.yaml"
    copy.write_text(text_of(learned), "utf-8")
    assert read_risk_model(copy) == learned
    assert text_of(read_risk_model(copy)) == copy.read_text("utf-8")


def _study(points: list[list[float]], cuts: list[list[float]], missing: list[float]) -> RiskModel:
    """A model of so many numbers a, b, … with these points."""
    indicators = [
        {
            "name": name,
            "label": name,
            "measure": {"kind": "value", "column": name},
            "reason": f"{name}={{value}}",
            "cuts": [Decimal(str(cut)) for cut in of_cuts],
            "points": [Decimal(f"{value:.2f}") for value in of_points],
            "points_missing": Decimal(f"{of_missing:.2f}"),
        }
        for name, of_cuts, of_points, of_missing in zip("abcdef", cuts, points, missing, strict=False)
    ]
    read: dict[str, Any] = {"title": "t", "doc": "d", "model": "m", "version": "1", "kind": "learned"}
    read |= {"file": Path("m.yaml"), "valid_from": DAY, "reads": "chicago", "grades": {"red": 60}}
    return RiskModel.model_validate({**read, "indicators": indicators, "calibration": {0: "0.1", 50: "0.3"}})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = Home(tmp_path_factory.mktemp("study") / "lake")
    home.create()
    return connect(home, needs=())


def test_the_sql_is_the_model_and_reasons_add_up(engine: Any) -> None:
    """10,000 rows, with values at, just below and just above each cut, and missing ones."""
    model = _study(
        [[0, 10.01, 46.5], [20.25, 0, 5], [3.33, 33.25, 0.01]],
        [[1, 2.5], [-3, 0], [0.01, 99.99]],
        [7.77, 0, 1.5],
    )
    rng = np.random.default_rng(7)
    near_cuts = np.array(
        [cut + step for one in model.indicators for cut in map(float, one.cuts) for step in (-0.01, 0, 0.01)]
    )
    levels = {}
    for one in model.indicators:
        column = np.where(rng.random(10_000) < 0.5, rng.choice(near_cuts, 10_000), rng.normal(0, 50, 10_000))
        levels[one.name] = np.where(rng.random(10_000) < 0.1, np.nan, np.round(column, 2))
    rows = pa.table({"object_id": range(10_000), **{name: pa.array(c, from_pandas=True) for name, c in levels.items()}})
    engine.createDataFrame(rows).createOrReplaceTempView("study_rows")
    scored = engine.sql(study_sql(model, "study_rows", DAY)).toArrow().sort_by("object_id")
    by_sql = np.asarray(scored["score"].cast(pa.float64()))
    given_rows = Rows(levels, np.zeros(10_000), np.ones(10_000), np.full(10_000, ""))
    assert np.abs(by_sql - score(model, given_rows)).max() < 1e-9
    for row in scored.to_pylist():
        assert sum(reason["points"] for reason in row["reasons"]) == row["score"]
    assert set(rate(model, by_sql).tolist()) == {0.1, 0.3}


LEVELS = st.floats(-20, 20).map(lambda value: round(value, 2))


@settings(max_examples=60, deadline=None)
@given(rising=st.lists(st.floats(0, 100), min_size=3, max_size=3).map(sorted), low=LEVELS, more=st.floats(0, 30))
def test_where_points_rise_a_higher_level_never_scores_less(rising: list[float], low: float, more: float) -> None:
    model = _study([[*rising, 100.0]], [[-5, 0, 5]], [0])
    both = np.round(np.array([low, low + more]), 2)
    less, greater = score(model, Rows({"a": both}, np.zeros(2), np.ones(2), np.full(2, "")))
    assert less <= greater
