"""An untrained model and rows of its levels flow in; the same model with points, calibration and grades flows out.

The points come from an additive model, trained in an environment of its own (.venv-train) by spark_jobs/risk/fit.py:
what each bin adds to the log-odds, moved so that the least of each indicator is nothing and scaled so that the highest
possible score is 100, in whole hundredths. Same rows and seed, same bytes.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from schemas.contract import grades
from schemas.contract.risk import FULL, Indicator, RiskModel, Trained
from spark_jobs.lake.home import Refused
from spark_jobs.risk.history import Numbers
from spark_jobs.risk.measures import platt, rises

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-train"
HUNDREDTH = Decimal("0.01")
FOLDS = 4
# So many checks with a problem, and without, teach something.
FEWEST = 50
# The score at which each grade begins is exceeded by this share of what was learned from: the published classes of
# enterprises (docs/domain.md §3.1), D, C and B from the highest down.
SHARES = (0.015, 0.07, 0.26)
# Scores between which the calibration may have another rate.
STEP = 2


@dataclass(frozen=True)
class Rows:
    """What is learned from: levels by indicator (NaN = missing, codes as text), findings, weights, inspectors."""

    levels: dict[str, Numbers]
    found: Numbers
    weight: Numbers
    inspector: Numbers

    def chosen(self, rows: Numbers) -> Rows:
        """Some of the rows."""
        levels = {name: column[rows] for name, column in self.levels.items()}
        return replace(
            self,
            levels=levels,
            found=self.found[rows],
            weight=self.weight[rows],
            inspector=self.inspector[rows],
        )


def train(
    model: RiskModel, rows: Rows, data: str, first: date, last: date, seed: int, weights: str | None = None
) -> RiskModel:
    """The model with points that are learned from the rows; Refused where they are too few."""
    positives = int(rows.found.sum())
    if positives < FEWEST or positives > len(rows.found) - FEWEST:
        raise Refused(
            f"{model.model}: {positives} of {len(rows.found)} checks found a problem; {FEWEST} of each are needed"
        )
    codes = {one.name: _codes(rows.levels[one.name]) for one in model.indicators if not one.cuts}
    fitted = _fit(model, rows, codes, seed)
    factor = 100 / sum(max(_all(term)) - min(_all(term)) for term in fitted["terms"])
    indicators = tuple(
        _with_points(one, term, factor, codes.get(one.name))
        for one, term in zip(model.indicators, fitted["terms"], strict=True)
    )
    least = sum(min(_all(term)) for term in fitted["terms"])
    held_out = (np.array(fitted["held_out"]) - least) * factor
    trained = model.model_copy(update={"indicators": indicators})
    scores = score(trained, rows)
    return RiskModel.model_validate(
        {
            **trained.model_dump(exclude={"approved", "metrics"}, exclude_unset=True),
            "grades": dict(zip([grade.code for grade in grades()], _bounds(scores), strict=False)),
            "calibration": _calibration(held_out, rows.found, rows.weight),
            "trained": Trained(
                data=data,
                first=first,
                last=last,
                rows=len(rows.found),
                positives=positives,
                seed=seed,
                weights=weights,
                packages=fitted["packages"],
            ).model_dump(),
        }
    )


def score(model: RiskModel, rows: Rows) -> Numbers:
    """The scores of the rows, as the SQL gives them (spark_jobs/building/scoring_sql.py); a test holds both equal."""
    total = np.zeros(len(rows.found), dtype=np.int64)
    for one in model.indicators:
        level, missing = rows.levels[one.name], round(one.points_missing * 100)
        if one.points_of:
            points = {code: round(value * 100) for code, value in one.points_of.items()}
            total += np.array([points.get(code, missing) for code in level.tolist()], dtype=np.int64)
            continue
        bins = np.array([round(value * 100) for value in one.points], dtype=np.int64)
        place = np.searchsorted([float(cut) for cut in one.cuts], level, side="right")
        total += np.where(np.isnan(level.astype(float)), missing, bins[np.minimum(place, len(bins) - 1)])
    return np.asarray(total / 100)


def rate(model: RiskModel, scores: Numbers) -> Numbers:
    """The share of checks that find a problem, as the calibration tells it of each score."""
    begins = np.array([float(begin) for begin in model.calibration])
    rates = np.array([float(value) for value in model.calibration.values()])
    return np.asarray(rates[np.maximum(np.searchsorted(begins, scores, side="right") - 1, 0)])


def _codes(column: Numbers) -> list[str]:
    return sorted({str(code) for code in column.tolist() if code is not None})


def _fit(model: RiskModel, rows: Rows, codes: dict[str, list[str]], seed: int) -> dict[str, Any]:
    """What fit.py says, in its own environment."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        raise Refused(f"learning needs an environment of its own: make {ENVIRONMENT.name}/.synced")
    columns = [
        {
            "cuts": [float(cut) for cut in one.cuts],
            "codes": len(codes.get(one.name, [])),
            "monotone": {"up": 1, "down": -1, None: 0}[one.monotone],
        }
        for one in model.indicators
    ]
    levels = [_numbers(rows.levels[one.name], codes.get(one.name)) for one in model.indicators]
    with TemporaryDirectory() as folder:
        order, given, result = (Path(folder) / name for name in ("order.json", "rows.npz", "result.json"))
        order.write_text(json.dumps({"columns": columns, "seed": seed, "folds": FOLDS}), "utf-8")
        np.savez(
            given,
            levels=np.stack(levels, axis=1),
            found=rows.found.astype(np.int64),
            weight=rows.weight.astype(float),
            control=np.unique(rows.inspector, return_inverse=True)[1],
        )
        command = [str(python), "-m", "spark_jobs.risk.fit", str(order), str(given), str(result)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if told.returncode:
            raise RuntimeError(f"training failed: {told.stderr.strip().splitlines()[-1:]}")
        answer: dict[str, Any] = json.loads(result.read_text("utf-8"))
    return answer


def _numbers(column: Numbers, codes: list[str] | None) -> Numbers:
    if codes is None:
        return column.astype(float)
    place = {code: float(number) for number, code in enumerate(codes)}
    return np.array([place.get(code, np.nan) for code in column.tolist()])


def _all(term: dict[str, Any]) -> list[float]:
    return [term["missing"], *term["bins"]]


def _with_points(one: Indicator, term: dict[str, Any], factor: float, codes: list[str] | None) -> Indicator:
    least = min(_all(term))
    missing, *points = ((_hundredths((value - least) * factor)) for value in _all(term))
    learned: dict[str, Any] = (
        {"points_of": dict(zip(codes, points, strict=True))} if codes else {"points": tuple(points)}
    )
    return one.model_copy(update={**learned, "points_missing": missing})


def _hundredths(value: float) -> Decimal:
    return min(Decimal(repr(value)).quantize(HUNDREDTH, ROUND_HALF_UP), FULL)


def _bounds(scores: Numbers) -> list[Decimal]:
    return [_hundredths(float(np.quantile(scores, 1 - share))) for share in SHARES]


def _calibration(scores: Numbers, found: Numbers, weight: Numbers) -> dict[Decimal, Decimal]:
    """From each score on, the rate of a logistic curve through scores of rows that the points were not learned from."""
    constant, slope = platt(scores, found, weight)
    begins = np.arange(0, 100, STEP)
    rates = 1 / (1 + np.exp(-(constant + max(slope, 0.0) * (begins + STEP / 2))))
    assert rises(rates)
    table: dict[Decimal, Decimal] = {}
    for begin, value in zip(begins, rates, strict=True):
        told = Decimal(f"{min(max(value, 0.0001), 0.9999):.4f}")
        if told not in table.values():
            table[Decimal(int(begin))] = told
    return table
