"""Events with a day flow in; what was known of a key or a place before a day flows out, one row a question.

Days are whole numbers, an event counts for questions of later days only. Nothing here knows what an event is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Numbers = NDArray[Any]
# Questions that are looked at together: some thousand neighbours each make a few hundred MiB.
PORTION = 400
# How far a Gaussian reaches, in widths, and an age, in half-lives: beyond, a place weighs a 23rd and an age an eighth.
REACH, AGES = 2.5, 3
FAR = 1 << 32


@dataclass(frozen=True)
class Asked:
    """Questions: what is known of `key` and around `place` (kilometres) before `day`?"""

    key: Numbers
    day: Numbers
    place: Numbers


@dataclass(frozen=True)
class Events:
    """What happened: to which key, where, on which day, and columns of numbers to sum."""

    key: Numbers
    day: Numbers
    place: Numbers
    values: Numbers

    def chosen(self, rows: Numbers) -> Events:
        """Some of the events."""
        return Events(self.key[rows], self.day[rows], self.place[rows], self.values[rows])

    def by(self, key: Numbers) -> Events:
        """The same events under another key."""
        return Events(key, self.day, self.place, self.values)

    def of(self, values: Numbers) -> Events:
        """The same events with other columns of numbers."""
        return Events(self.key, self.day, self.place, values)


def past(
    asked: Asked, events: Events, half_life: float | None = None, apart: tuple[Numbers, Numbers] | None = None
) -> Numbers:
    """The sum of each column over the earlier events of the same key, faded by age if there is a half-life (days).

    `apart`: something of each question and of each event, which must not be the same.
    """
    question, event = _of_same_key(asked, events)
    if apart:
        differs = apart[0][question] != apart[1][event]
        question, event = question[differs], event[differs]
    age = asked.day[question] - events.day[event]
    return _sums(question, _faded(age, half_life), events.values[event], len(asked.day))


def days_since(asked: Asked, events: Events) -> Numbers:
    """Days since the newest earlier event of the same key; NaN where there is none."""
    found = np.full(len(asked.day), np.nan)
    question, event = _of_same_key(asked, events)
    np.fmin.at(found, question, asked.day[question] - events.day[event])
    return found


def last(asked: Asked, events: Events) -> Numbers:
    """The columns of the newest earlier event of the same key; NaN where there is none."""
    found = np.full((len(asked.day), events.values.shape[1]), np.nan)
    question, event = _of_same_key(asked, events)
    order = np.argsort(events.day[event], kind="stable")
    found[question[order]] = events.values[event[order]]
    return found


def near(
    asked: Asked,
    events: Events,
    width: float,
    half_life: float | None = None,
    window: int | None = None,
    others: bool = False,
) -> Numbers:
    """The sum of each column over earlier events around the place, weighted by a Gaussian of that width (kilometres).

    `window`: only so many days back. `others`: not the events of the same key.
    """
    back = window or (round(AGES * half_life) if half_life else FAR)
    by_day = np.argsort(events.day, kind="stable")
    ordered = np.argsort(asked.day, kind="stable")
    found = np.zeros((len(asked.day), events.values.shape[1]))
    for start in range(0, len(ordered), PORTION):
        here = ordered[start : start + PORTION]
        day = asked.day[here]
        bounds = np.searchsorted(events.day[by_day], [day[0] - back, day[-1]])
        among = by_day[slice(*bounds)]
        if not len(among):
            continue
        lists = cKDTree(events.place[among]).query_ball_point(asked.place[here], REACH * width, return_sorted=True)
        question = np.repeat(np.arange(len(lists)), [len(some) for some in lists])
        event = among[np.concatenate([np.asarray(some, int) for some in lists])]
        age = day[question] - events.day[event]
        kept = (age > 0) & (age <= back)
        if others:
            kept &= events.key[event] != asked.key[here][question]
        question, event, age = question[kept], event[kept], age[kept]
        away = ((events.place[event] - asked.place[here][question]) ** 2).sum(1)
        weight = np.exp(-away / (2 * width * width)) * _faded(age, half_life)
        found[here] = _sums(question, weight, events.values[event], len(lists))
    return found


def _of_same_key(asked: Asked, events: Events) -> tuple[Numbers, Numbers]:
    """Every pair of a question and an earlier event of the same key."""
    names, keys = np.unique(np.concatenate([asked.key, events.key]), return_inverse=True)
    assert len(names) < FAR
    ours, theirs = keys[: len(asked.key)].astype(np.int64), keys[len(asked.key) :].astype(np.int64)
    place = theirs * FAR + events.day
    order = np.argsort(place, kind="stable")
    begin = np.searchsorted(place[order], ours * FAR)
    counts = np.searchsorted(place[order], ours * FAR + asked.day) - begin
    question = np.repeat(np.arange(len(ours)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return question, order[begin[question] + within]


def _faded(age: Numbers, half_life: float | None) -> Numbers:
    return np.ones(len(age)) if half_life is None else np.exp2(-age / half_life)


def _sums(question: Numbers, weight: Numbers, values: Numbers, count: int) -> Numbers:
    return np.stack(
        [np.bincount(question, weight * values[:, column], count) for column in range(values.shape[1])], axis=1
    )
