"""Levels of indicators and what was found flow in as files; what each bin adds to the log-odds flows out.

Runs in .venv-train, which has `interpret`; imports nothing of ours: python -m spark_jobs.risk.fit ORDER ROWS RESULT.
ORDER (JSON): `columns`, each with `cuts` or none (then its numbers are codes from 0 on) and `monotone` (1, -1, 0),
`seed`, `folds`. ROWS (npz): `levels` (rows × columns, NaN = missing), `found`, `weight`, `control` (codes of who
inspected: learned beside the rest, so that the rest does not carry it, and left out of every answer).
RESULT (JSON): `terms` per column with `missing` and `bins`, `held_out`: each row's log-odds from folds without it.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier

# The published advice for tables of some ten thousand rows: many small steps, and leaves that are no accident.
STEPS = {"interactions": 0, "learning_rate": 0.015, "max_rounds": 3000, "min_samples_leaf": 50, "missing": "separate"}
BAGS = 8


def main(order: Path, rows: Path, result: Path) -> None:
    """Fits on all rows, then on folds of them."""
    asked = json.loads(order.read_text("utf-8"))
    given = np.load(rows)
    levels, found, weight, control = (given[name] for name in ("levels", "found", "weight", "control"))
    whole = fit(asked, levels, found, weight, control, BAGS)
    held_out = np.zeros(len(found))
    fold = np.arange(len(found)) * asked["folds"] // max(len(found), 1)
    for number in range(asked["folds"]):
        there = fold == number
        part = fit(asked, levels[~there], found[~there], weight[~there], control[~there], BAGS // 2)
        held_out[there] = log_odds(asked, part, levels[there])
    told = {
        "terms": whole,
        "held_out": [round(float(value), 6) for value in held_out],
        "packages": {name: version(name) for name in ("interpret-core", "scikit-learn", "numpy")},
    }
    result.write_text(json.dumps(told), "utf-8")


def fit(asked: dict[str, Any], levels: Any, found: Any, weight: Any, control: Any, bags: int) -> list[dict[str, Any]]:
    """What each bin of each column adds: `missing`, then `bins` from the lowest up."""
    columns = asked["columns"]
    kinds: list[Any] = [column["cuts"] if column["cuts"] else "nominal" for column in columns]
    controlled = len(np.unique(control)) > 1
    given = np.column_stack([levels, control]) if controlled else levels
    model = ExplainableBoostingClassifier(
        **STEPS,
        outer_bags=bags,
        n_jobs=1,
        random_state=asked["seed"],
        feature_types=[*kinds, "nominal"][: given.shape[1]],
        monotone_constraints=[column["monotone"] for column in columns] + [0] * controlled,
    )
    model.fit(given, found.astype(int), sample_weight=weight)
    found_terms = dict(zip(model.term_features_, model.term_scores_, strict=True))
    return [_term(columns[place], model.bins_[place][0], found_terms.get((place,))) for place in range(len(columns))]


def _term(column: dict[str, Any], bins: Any, scores: Any) -> dict[str, Any]:
    """A column's scores; a column that the model left out adds nothing, a code that it never saw counts as missing."""
    if column["cuts"]:
        count = len(column["cuts"]) + 1
        known = scores if scores is not None else np.zeros(count + 2)
        assert len(known) == count + 2, (column, len(known))
        return {"missing": float(known[0]), "bins": [float(value) for value in known[1:-1]]}
    of_code = {round(float(code)): place for code, place in bins.items()}
    missing = float(scores[0]) if scores is not None else 0.0
    places = [of_code.get(code) for code in range(column["codes"])]
    values = [missing if place is None or scores is None else float(scores[place]) for place in places]
    return {"missing": missing, "bins": values}


def log_odds(asked: dict[str, Any], terms: list[dict[str, Any]], levels: Any) -> Any:
    """The sum of a model's terms for some rows, without its constant."""
    total = np.zeros(len(levels))
    for place, (column, term) in enumerate(zip(asked["columns"], terms, strict=True)):
        value = levels[:, place]
        bins = np.array(term["bins"])
        where = (
            np.searchsorted(column["cuts"], value, side="right") if column["cuts"] else np.nan_to_num(value).astype(int)
        )
        total += np.where(np.isnan(value), term["missing"], bins[np.minimum(where, len(bins) - 1)])
    return total


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
