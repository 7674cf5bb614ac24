"""Two versions of a model and the lake's random checks flow in; which tells more of them flows out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from schemas.contract.risk import RiskModel
from spark_jobs.building.scoring_sql import scoring_sql
from spark_jobs.engine.session import query
from spark_jobs.lake.home import Home, Refused
from spark_jobs.risk.additive import rate
from spark_jobs.risk.history import Numbers
from spark_jobs.risk.measures import BANDS, bands, measures, platt, rises
from spark_jobs.risk.registers import day_number
from spark_jobs.risk.training import HELD_BACK, Draws, draws_of, newest_day

# Below so many findings in a part, a measure of it says nothing.
FEWEST_FOUND = 20
SLOPES = (0.8, 1.2)
# A version is worse where it is so much worse: what is less lies within the error of a few hundred checks.
MARGINS = {"auc": 0.01, "first_half": 0.02, "days_earlier": 0.5}
OF_PARTS = {"auc": 0.03}


def compare(
    home: Home, one: RiskModel, other: RiskModel, first: date | None = None, last: date | None = None
) -> dict[str, Any]:
    """Measures and bands of both versions over the random checks of a period, by default the last 60 days.

    Each check is scored as of the last day of the month before it. Refused where the versions score other objects, or
    where a version was learned from those checks.
    """
    if one.model != other.model and one.profile != other.profile:
        raise Refused(f"{one.name} and {other.name} score other objects")
    draws = draws_of(home, one)
    end = last or newest_day(draws)
    begin = first or end - HELD_BACK + timedelta(days=1)
    draws = draws.chosen((draws.day >= day_number(begin)) & (draws.day <= day_number(end)))
    if draws.found.sum() < FEWEST_FOUND:
        raise Refused(f"{int(draws.found.sum())} random checks found a problem from {begin} to {end}; 20 are needed")
    for version in (one, other):
        if version.trained and version.trained.last >= begin:
            raise Refused(f"{version.name} was learned from checks until {version.trained.last}; --from a later day")
    told = {version.name: measured(home, version, draws) for version in (one, other)}
    return {
        "from": begin,
        "to": end,
        "checks": len(draws.day),
        "versions": told,
        "worse": differences(told[one.name], told[other.name]),
    }


def worse(home: Home, one: RiskModel, other: RiskModel) -> list[str]:
    """In what a version is worse than another on the last random checks, in sentences."""
    faults: list[str] = compare(home, one, other)["worse"]
    return faults


def _scores(home: Home, model: RiskModel, draws: Draws) -> Numbers:
    """What the version would have said of each draw's object at the end of the month before."""
    months = draws.day.astype("datetime64[D]").astype("datetime64[M]")
    scores = np.zeros(len(draws.day))
    for month in np.unique(months):
        before = month.astype("datetime64[D]").item() - timedelta(days=1)
        rows = query(home, scoring_sql(model, before)).select("object_id", "score").toArrow()
        known = dict(zip(rows["object_id"].to_pylist(), map(float, rows["score"].to_pylist()), strict=True))
        here = months == month
        scores[here] = [known.get(str(code), 0.0) for code in draws.object_id[here]]
    return scores


def measured(home: Home, model: RiskModel, draws: Draws) -> dict[str, Any]:
    """All that some draws say of a version: its measures, by part too, and its bands.

    An expert's model has no calibration: its slope is not told.
    """
    scores = _scores(home, model, draws)
    rates = rate(model, scores) if model.calibration else _fitted(scores, draws.found)
    told = measures(scores, rates, draws.found, draws.day)
    if not model.calibration:
        told |= {"calibration_slope": None, "brier": None, "expected": None}
    bounds = np.unique(np.quantile(scores, np.arange(1, BANDS) / BANDS))
    by_band = bands(scores, draws.found, bounds)
    weighted = float((draws.found * draws.weight).sum() / draws.weight.sum())
    return {
        "measures": {
            **told,
            "rate_weighted": round(weighted, 4),
            "bands_rise": rises([row["rate"] for row in by_band]),
        },
        "bands": by_band,
        "parts": {name: _parts(group, scores, rates, draws) for name, group in draws.groups.items()},
    }


def _fitted(scores: Numbers, found: Numbers) -> Numbers:
    constant, slope = platt(scores, found, np.ones(len(found)))
    return np.asarray(np.clip(1 / (1 + np.exp(-(constant + slope * scores))), 0.0001, 0.9999))


def _parts(group: Numbers, scores: Numbers, rates: Numbers, draws: Draws) -> dict[str, Any]:
    return {
        str(value): measures(scores[here], rates[here], draws.found[here], draws.day[here])
        for value in np.unique(group)
        if draws.found[here := group == value].sum() >= FEWEST_FOUND
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Sentences on what is worse; a slope outside its limits and bands that fall are worse by themselves."""
    ours, theirs = one["measures"], other["measures"]
    faults = [
        f"{name} {ours[name]} against {theirs[name]}"
        for name, margin in MARGINS.items()
        if ours[name] < theirs[name] - margin
    ]
    slope = ours["calibration_slope"]
    if slope is not None and not SLOPES[0] <= slope <= SLOPES[1]:
        faults.append(f"calibration slope {slope}, not {SLOPES[0]} to {SLOPES[1]}")
    if theirs["bands_rise"] and not ours["bands_rise"]:
        faults.append("the rate does not rise from band to band")
    for kind, parts in one["parts"].items():
        for part, told in parts.items():
            before = other["parts"][kind].get(part)
            faults += [
                f"{kind} {part}: {name} {told[name]} against {before[name]}"
                for name, margin in OF_PARTS.items()
                if before and told[name] is not None and told[name] < before[name] - margin
            ]
    return faults
