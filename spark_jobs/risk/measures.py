"""Scores and what checks found flow in; how well the scores told it flows out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from spark_jobs.risk.history import Numbers

BANDS = 4


def measures(scores: Numbers, rates: Numbers, found: Numbers, day: Numbers) -> dict[str, Any]:
    """Every measure of one set of checks; None where too little was found to tell."""
    found = found.astype(bool)
    told: dict[str, Any] = {"checks": len(found), "found": int(found.sum())}
    if not 0 < found.sum() < len(found):
        return {**told, "auc": None}
    days, share = earlier(scores, found, day)
    _, slope = platt(np.log(rates / (1 - rates)), found, np.ones(len(found)))
    return {
        **told,
        "rate": round(float(found.mean()), 4),
        "days_earlier": round(days, 2),
        "first_half": round(share, 4),
        "first_half_as_it_was": round(_first_half(np.argsort(day, kind="stable"), found), 4),
        "auc": round(auc(scores, found), 4),
        "brier": round(float(((rates - found) ** 2).mean()), 4),
        "calibration_slope": round(slope, 3),
        "expected": round(float(rates.sum()), 1),
    }


def auc(scores: Numbers, found: Numbers) -> float:
    """The chance that a check that found something has the higher score; ties count half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positives = int(found.sum())
    return float((ranks[found].sum() - positives * (positives + 1) / 2) / (positives * (len(found) - positives)))


def earlier(scores: Numbers, found: Numbers, day: Numbers) -> tuple[float, float]:
    """Days by which findings come earlier, and their share in the first half, if the highest scores go first.

    As the City of Chicago published it: the same days have the same number of checks, in another order. Equal scores
    keep their order.
    """
    order = np.argsort(-scores, kind="stable")
    then = np.empty(len(day), dtype=float)
    then[order] = np.sort(day)
    return float((day - then)[found].mean()), _first_half(order, found)


def _first_half(order: Numbers, found: Numbers) -> float:
    return float(found[order[: len(order) // 2]].sum() / found.sum())


def bands(scores: Numbers, found: Numbers, bounds: Numbers) -> list[dict[str, Any]]:
    """A row a band of scores, from the lowest up: checks, how many found something, their share."""
    place = np.searchsorted(bounds, scores, side="right")
    rows = []
    for band in range(len(bounds) + 1):
        here = place == band
        checks, hits = int(here.sum()), int(found[here].sum())
        begin = float(bounds[band - 1]) if band else 0.0
        rows.append(
            {"from": begin, "checks": checks, "found": hits, "rate": round(hits / checks, 4) if checks else None}
        )
    return rows


def rises(values: Any) -> bool:
    """Whether no value is below the one before it."""
    known = [value for value in values if value is not None]
    return all(before <= after for before, after in pairwise(known))


def platt(x: Numbers, found: Numbers, weight: Numbers) -> tuple[float, float]:
    """Constant and slope of a logistic curve of what was found over x, by Newton's method with a trace of a prior."""
    middle, width = float(x.mean()), float(x.std()) or 1.0
    given = np.stack([np.ones(len(x)), (x - middle) / width], axis=1)
    beta = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-given @ beta))
        gradient = given.T @ (weight * (found - chance)) - 1e-6 * beta
        curve = (given * (weight * chance * (1 - chance))[:, None]).T @ given + 1e-6 * np.eye(2)
        step = np.linalg.solve(curve, gradient)
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0] - beta[1] * middle / width), float(beta[1] / width)
