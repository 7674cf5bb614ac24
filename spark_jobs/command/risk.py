"""Risk models and gold.risk_score flow in; which model scores what, and how many of each grade, flows out."""

from __future__ import annotations

from collections import Counter

from schemas.contract import grades
from schemas.contract.risk import RiskModel, risk_models
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import exists, read

GENERAL = "(all)"
"""Stands where a model has no field."""


def headings() -> list[str]:
    """Of the table of models, with a column for each grade."""
    named = ["name", "title", "field", "version", "valid from", "indicators", "objects"]
    return [*named, *(grade.label for grade in grades())]


def model_rows(home: Home) -> list[list[str]]:
    """A row a version of a model; what it has not scored is left empty."""
    scores = _scores(home)
    return [
        [
            model.model,
            model.title,
            model.field or GENERAL,
            model.version,
            str(model.valid_from),
            str(len(model.indicators)),
            *_figures(model, scores),
        ]
        for model in risk_models()
    ]


def _figures(model: RiskModel, scores: Counter[tuple[str, str, str]]) -> list[str]:
    """How many objects it scored, in all and of each grade."""
    numbers = [scores[model.model, model.version, grade.code] for grade in grades()]
    return [f"{number:,}" if sum(numbers) else "" for number in (sum(numbers), *numbers)]


def _scores(home: Home) -> Counter[tuple[str, str, str]]:
    """The number of objects by model, version and grade, as they were scored last."""
    path = home.table("gold", "risk_score")
    if not exists(path):
        return Counter()
    columns = read(path, ["model", "model_version", "grade"]).to_pydict()
    return Counter(zip(columns["model"], columns["model_version"], columns["grade"], strict=True))
