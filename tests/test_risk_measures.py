"""Measures of scores against small cases worked out by hand, and history that never looks ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.risk.acceptance import differences
from spark_jobs.risk.history import Asked, Events, days_since, last, near, past
from spark_jobs.risk.measures import auc, bands, earlier, measures, platt, rises
from spark_jobs.risk.registers import surprise
from spark_jobs.risk.strictness import strictness


def test_the_highest_scores_first_keep_each_days_number_of_checks() -> None:
    day = np.array([1, 1, 5, 5, 9, 9])
    found = np.array([False, False, True, False, False, True])
    scores = np.array([0.1, 0.3, 0.9, 0.2, 0.4, 0.8])
    # The two findings, of days 5 and 9, come first: both on day 1, 4 and 8 days earlier.
    assert earlier(scores, found, day) == (6.0, 1.0)
    told = measures(scores, np.full(6, 0.3), found, day)
    assert (told["first_half"], told["first_half_as_it_was"], told["days_earlier"]) == (1.0, 0.5, 6.0)


def test_auc_counts_pairs_and_halves_ties() -> None:
    scores, found = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, True, False, True])
    assert auc(scores, found) == (1 + 0.5 + 1 + 1) / 4


def test_bands_count_what_lies_on_a_bound_above_it() -> None:
    rows = bands(np.array([0.0, 5.0, 5.0, 9.0]), np.array([False, True, False, True]), np.array([5.0, 8.0]))
    assert [(row["from"], row["checks"], row["found"], row["rate"]) for row in rows] == [
        (0.0, 1, 0, 0.0),
        (5.0, 2, 1, 0.5),
        (8.0, 1, 1, 1.0),
    ]
    assert rises([0.0, None, 0.5, 0.5])
    assert not rises([0.2, 0.1])


def test_a_logistic_curve_finds_its_own_constants() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(30, 12, 200_000)
    found = rng.random(len(x)) < 1 / (1 + np.exp(-(-3 + 0.05 * x)))
    constant, slope = platt(x, found, np.ones(len(x)))
    assert (constant, slope) == (pytest.approx(-3, abs=0.1), pytest.approx(0.05, abs=0.003))


def _events(day: list[int], key: list[str], value: list[float], east: list[float] | None = None) -> Events:
    place = np.array([[0.0, x] for x in (east or [0.0] * len(day))])
    return Events(np.array(key), np.array(day), place, np.array(value)[:, None])


def test_history_is_of_the_same_key_and_before_the_day() -> None:
    events = _events([10, 20, 30, 20], ["a", "a", "a", "b"], [1, 2, 4, 8])
    asked = Asked(np.array(["a", "a", "b", "c"]), np.array([30, 31, 20, 99]), np.zeros((4, 2)))
    assert past(asked, events)[:, 0].tolist() == [3, 7, 0, 0]
    assert past(asked, events, half_life=10)[:, 0].tolist() == pytest.approx(
        [1 / 4 + 2 / 2, 2**-2.1 + 2 * 2**-1.1 + 4 * 2**-0.1, 0, 0]
    )
    assert days_since(asked, events).tolist()[:2] == [10, 1]
    assert np.isnan(days_since(asked, events)[2:]).all()
    assert last(asked, events)[:2, 0].tolist() == [2, 4]


def test_neighbours_weigh_by_distance_and_are_others() -> None:
    events = _events([10, 10, 10, 10], ["a", "b", "c", "d"], [1, 1, 1, 1], [0.0, 1.0, 10.0, 0.0])
    asked = Asked(np.array(["a"]), np.array([11]), np.zeros((1, 2)))
    assert near(asked, events, 1.0)[0, 0] == pytest.approx(2 + np.exp(-0.5))
    assert near(asked, events, 1.0, others=True)[0, 0] == pytest.approx(1 + np.exp(-0.5))
    assert near(Asked(asked.key, np.array([10]), asked.place), events, 1.0)[0, 0] == 0
    assert near(Asked(asked.key, np.array([50]), asked.place), events, 1.0, window=30)[0, 0] == 0


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_nothing_that_happens_later_changes_what_was_known(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    numbers = st.lists(st.integers(0, 40), min_size=count, max_size=count)
    day, key, value = np.array(data.draw(numbers)), np.array(data.draw(numbers)) % 3, np.array(data.draw(numbers))
    place = np.array(data.draw(numbers))[:, None] * [[0.1, 0.0]]
    now = data.draw(st.integers(0, 41))
    asked = Asked(np.arange(3), np.full(3, now), np.zeros((3, 2)))
    whole = Events(key, day, place, value[:, None].astype(float))
    before = whole.chosen(day < now)
    for known in (lambda some: past(asked, some, 5), lambda some: near(asked, some, 1.0, 9)):
        expected = known(before) if len(before.day) else np.zeros((3, 1))
        assert known(whole) == pytest.approx(expected)


def test_what_a_strict_inspector_finds_is_no_surprise() -> None:
    day = np.repeat(np.arange(200), 2)
    who = np.tile(np.array(["strict", "mild"]), 200)
    rng = np.random.default_rng(5)
    found = rng.random(400) < np.where(who == "strict", 0.6, 0.1)
    beyond = surprise(day, found.astype(float), who)
    late = day >= 100
    assert abs(beyond[late & (who == "strict")].mean()) < 0.15
    assert beyond[(day < 3) & (who == "strict") & found].min() > 0.4  # nothing was known of anybody yet
    assert surprise(np.array([1]), np.array([1.0]), np.array(["a"])) == pytest.approx(1 - 1 / 7)


def test_strictness_says_little_of_few_checks() -> None:
    who = np.array(["many"] * 400 + ["few"] * 4)
    found = np.array([True, False] * 200 + [True] * 4)
    rows = {row["who"]: row for row in strictness(who, found, np.full(404, 0.25))}
    assert rows["many"]["low"] > 1.5
    assert rows["few"]["low"] < 1 < rows["few"]["high"]
    assert (rows["many"]["found"], rows["many"]["expected"]) == (200, 100.0)


def _version(bands_rise: bool = True, **measured: float) -> dict[str, Any]:
    usual = {"auc": 0.65, "first_half": 0.65, "days_earlier": 5.0, "calibration_slope": 1.0, "bands_rise": bands_rise}
    part = {"F": {"auc": measured.pop("of_a_part", 0.6)}}
    return {"measures": usual | measured, "parts": {"industry_section": part}}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"auc": 0.63}, "auc 0.63 against 0.65"),
        ({"first_half": 0.6}, "first_half 0.6 against 0.65"),
        ({"days_earlier": 4.0}, "days_earlier 4.0 against 5.0"),
        ({"calibration_slope": 1.3}, "calibration slope 1.3, not 0.8 to 1.2"),
        ({"bands_rise": False}, "the rate does not rise from band to band"),
        ({"of_a_part": 0.5}, "industry_section F: auc 0.5 against 0.6"),
    ],
)
def test_a_version_is_worse_on_any_measure(changed: dict[str, Any], fault: str) -> None:
    assert differences(_version(**changed), _version()) == [fault]
    assert differences(_version(), _version()) == []
