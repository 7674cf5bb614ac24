"""A model learned from the simulator's random checks finds what was planted, is calibrated, and follows no strict body.

What nobody in the lake can see is known here: how risky each firm is, and which bodies find three times as often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pytest

import simulate.acts
from schemas.contract import SCHEMAS
from schemas.contract.risk import RiskModel, read_risk_model
from simulate import simulate as simulate_province
from simulate.firms import Period
from simulate.world import World
from spark_jobs import pipeline
from spark_jobs.building.scoring_sql import scoring_sql
from spark_jobs.engine.session import query
from spark_jobs.lake.home import Home
from spark_jobs.risk.acceptance import differences, measured
from spark_jobs.risk.additive import rate
from spark_jobs.risk.history import Numbers
from spark_jobs.risk.measures import auc
from spark_jobs.risk.registers import day_number
from spark_jobs.risk.training import draws_of, train_from_lake

pytestmark = [pytest.mark.train, pytest.mark.usefixtures("six_feeds")]

OBJECTS, DAYS, SEED, UNTIL = 3000, 1460, 5, date(2026, 6, 30)
LEARNED_UNTIL = UNTIL - timedelta(days=180)
# Every so many bodies are so much stricter.
STRICT, STRICTER = 4, 3


@dataclass
class Learned:
    """A province, the model learned in it, and every firm's score by it, the firms in the world's order."""

    home: Home
    model: RiskModel
    score: Numbers

    @property
    def rate(self) -> Numbers:
        """The share of checks that would find a problem, as the model tells it."""
        return rate(self.model, self.score)


def _without_evening(draft: RiskModel) -> RiskModel:
    even = [
        one.model_copy(update={"measure": one.measure.model_copy(update={"evened": False})})
        if one.measure.kind == "events"
        else one
        for one in draft.indicators
    ]
    return draft.model_copy(update={"indicators": tuple(even)})


def _scores(home: Home, model: RiskModel, firms: Numbers) -> Numbers:
    rows = query(home, scoring_sql(model, UNTIL)).select("object_id", "score").toArrow()
    known = dict(zip(rows["object_id"].to_pylist(), map(float, rows["score"].to_pylist()), strict=True))
    return np.array([known.get(code, np.nan) for code in firms.tolist()])


@pytest.fixture(scope="module")
def world() -> World:
    return World(OBJECTS, Period.until(UNTIL, DAYS), SEED)


@pytest.fixture(scope="module")
def is_strict(world: World) -> Numbers:
    """Of each firm whether the body that inspects it is one of the strict ones, where there are any."""
    return np.asarray(world.staff("scjg").body_of_place[world.firms["place"]] % STRICT == 0)


@pytest.fixture(scope="module")
def draft(six_feeds: None) -> RiskModel:
    """The province's draft, whose indicators the six feeds can tell."""
    found = read_risk_model(SCHEMAS / "drafts" / "market_firm.yaml")
    return found.model_copy(update={"version": "9", "shadow": True, "author": "li"})


def _province(home: Home) -> Home:
    home.create()
    simulate_province(OBJECTS, DAYS, SEED, home.landing, UNTIL, home.path / "truth.csv", say=lambda _: None)
    for stage in (pipeline.land, pipeline.conform, pipeline.base, pipeline.themes):
        stage(home)
    return home


def _learned(home: Home, draft: RiskModel, world: World) -> Learned:
    model = train_from_lake(home, draft, None, LEARNED_UNTIL, 7)
    return Learned(home, model, _scores(home, model, world.firms["uscc"]))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory, draft: RiskModel, world: World) -> Learned:
    return _learned(_province(Home(tmp_path_factory.mktemp("usual"))), draft, world)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, draft: RiskModel, world: World) -> Learned:
    """The same province, where every fourth body finds three times as often."""
    plain = simulate.acts.strictness_of

    def planted(rng: np.random.Generator, bodies: int) -> Numbers:
        return np.asarray(plain(rng, bodies) * np.where(np.arange(bodies) % STRICT == 0, STRICTER, 1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulate.acts, "strictness_of", planted)
        home = _province(Home(tmp_path_factory.mktemp("strict")))
    return _learned(home, draft, world)


def test_firms_that_are_risky_have_high_scores(usual: Learned, world: World) -> None:
    there = ~np.isnan(usual.score)
    risk, score = world.firms["risk"][there], usual.score[there]
    assert auc(score, risk > np.quantile(risk, 0.9)) > 0.85
    riskiest = np.argsort(-score)[: len(score) // 10]
    assert risk[riskiest].mean() > 3 * risk.mean()


def test_what_is_expected_of_later_checks_is_found(usual: Learned) -> None:
    draws = draws_of(usual.home, usual.model)
    told = measured(usual.home, usual.model, draws.chosen(draws.day > day_number(LEARNED_UNTIL)))
    measures = told["measures"]
    assert 0.8 <= measures["calibration_slope"] <= 1.2
    assert measures["expected"] == pytest.approx(measures["found"], rel=0.15)
    assert measures["bands_rise"]
    assert differences(told, told) == []
    assert told["parts"].keys() == {"city_code", "industry_section", "size", "department"}
    assert {"below 1 million yuan", "1 to 10 million yuan"} <= told["parts"]["size"].keys()


def test_a_strict_body_lifts_its_firms_little(
    usual: Learned, strict: Learned, draft: RiskModel, world: World, is_strict: Numbers
) -> None:
    """What is left after evening: points are concave, so that three thirds of a finding weigh more than a whole one."""
    counted = _learned(strict.home, _without_evening(draft), world)

    def lifted(one: Learned) -> float:
        there = ~np.isnan(one.score)
        return float(one.rate[there & is_strict].mean() / one.rate[there & ~is_strict].mean() - 1)

    told = {name: lifted(one) for name, one in {"usual": usual, "evened": strict, "as counted": counted}.items()}
    assert abs(told["usual"]) < 0.05, told
    assert told["as counted"] > 0.3, told
    assert told["evened"] < told["as counted"] / 2, told
    assert told["evened"] < 0.15, told
