"""Risk models, scores and measures flow in; what a person reads of them flows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from schemas.contract import grades
from schemas.contract.risk import RiskModel, drafts, read_risk_model, risk_models
from spark_jobs.lake.home import Home, Refused, today
from spark_jobs.lake.tables import exists, read
from spark_jobs.lake.whole import write_whole
from spark_jobs.risk.library import state_of, version_named

GENERAL = "(all)"
"""Stands where a model has no field."""


def headings() -> list[str]:
    """Of the table of models, with a column for each grade."""
    named = ["name", "title", "field", "kind", "version", "state", "valid from", "approved by", "indicators", "objects"]
    return [*named, *(grade.label for grade in grades())]


def model_rows(home: Home) -> list[list[str]]:
    """A row a version of a model; what it has not scored is left empty."""
    scores = _scores(home)
    return [
        [
            model.model,
            model.title,
            model.field or GENERAL,
            model.kind,
            model.version,
            state_of(model, today()),
            str(model.valid_from),
            model.approved.by if model.approved else "",
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
    """The number of objects by model, version and grade, as they were scored last, shadows too."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for name in ("risk_score", "risk_score_shadow"):
        path = home.table("gold", name)
        if exists(path):
            columns = read(path, ["model", "model_version", "grade"]).to_pydict()
            counts.update(zip(columns["model"], columns["model_version"], columns["grade"], strict=True))
    return counts


def described(model: RiskModel) -> Iterator[str]:
    """A version in lines: what it is, its grades, each indicator with its most points, how it came about."""
    yield f"{model.name}  {model.title}  ({model.kind}, {state_of(model, today())})"
    yield f"  {model.doc}"
    until = f" until {model.valid_to}" if model.valid_to else ""
    yield f"  valid from {model.valid_from}{until}; author {model.author or 'not stated'}"
    if model.approved:
        approved = model.approved
        yield f"  approved by {approved.by} on {approved.at}: {approved.why}"
        if approved.despite:
            yield f"  although it was worse than the version before it: {approved.despite}"
    if model.trained:
        trained = model.trained
        period = f"{trained.first} to {trained.last}"
        yield f"  learned from {trained.rows:,} rows of {trained.data}, {period}, {trained.positives:,} found"
    bounds = ", ".join(f"{grade} from {bound}" for grade, bound in model.grades.items())
    yield f"  grades: {bounds}"
    if model.calibration:
        steps = [*model.calibration.items()]
        some = ", ".join(f"{begin}: {rate:.1%}" for begin, rate in steps[:: max(len(steps) // 6, 1)])
        yield f"  share of checks that find a problem, by score from: {some}"
    for indicator in sorted(model.indicators, key=lambda one: -one.most):
        yield f"  {indicator.most:>6}  {indicator.name}  {indicator.label}"


def scored_lines(home: Home, model: RiskModel, code: str, day: date | None) -> Iterator[str]:
    """An object's score by a version with its reasons, as it stands or as known on a past day."""
    from spark_jobs.building.known import as_known

    home = as_known(home, day, "gold.risk_score") if day else home
    for name in ("risk_score", "risk_score_shadow"):
        path = home.table("gold", name)
        for row in read(path, where=[("object_id", "=", code)]).to_pylist() if exists(path) else []:
            if (row["model"], row["model_version"]) == (model.model, model.version):
                yield f"{row['object_id']}  {row['object_name'] or ''}  {row['score']}  {row['grade']}"
                yield f"  {model.name} as of {row['as_of']}"
                yield from (f"  {reason['points']:>6}  {reason['reason']}" for reason in row["reasons"])
                return
    raise Refused(f"{model.name} has no score of {code}{f' on {day}' if day else ''}")


def train(
    home: Home,
    name: str,
    first: date | None,
    last: date | None,
    out: Path | None,
    data: Path | None,
    version: str,
    by: str,
    seed: int,
) -> Path:
    """Learns a model's points anew; returns the file of the new version."""
    from spark_jobs.risk.training import train_from_lake, train_study
    from spark_jobs.risk.written import text_of

    model = _to_learn(name)
    if model.kind != "learned":
        raise Refused(f"{model.name} is an expert's: its points are written, not learned")
    if bool(data) != bool(model.reads):
        raise Refused(f"{model.name}: --data belongs to a study" if data else f"{model.name} is a study: give --data")
    named = {"version": version, "author": by, "approved": None}
    if model.reads:
        trained = train_study(model.model_copy(update=named), data or Path(), first, last, seed)
    else:
        home.must_exist()
        shadow = {**named, "shadow": True, "valid_to": None}
        trained = train_from_lake(home, model.model_copy(update=shadow), first, last, seed)
    path = out or Path(f"{model.model}_{version.replace('.', '_')}.yaml")
    write_whole(path, text_of(trained))
    return path


def _to_learn(name: str) -> RiskModel:
    """A file's model, else a model's draft, else a version of it."""
    if name.endswith(".yaml"):
        return read_risk_model(Path(name).resolve())
    return drafts().get(name) or version_named(name)


def backtest_lines(told: dict[str, Any]) -> Iterator[str]:
    """The measures of a backtest, for a person."""
    before = told["learned_from"]["rows"]
    yield f"{told['model']}, {told['from']} to {told['to']}, learned from {before:,} checks before"
    for name, rows in (("as known the day before", told), ("as known at the window's start", told["planned_at_start"])):
        if rows["auc"] is None:
            yield f"  {name}: nothing was found, or nothing else"
            continue
        yield (
            f"  {name}: {rows['days_earlier']} days earlier, {rows['first_half']:.1%} in the first half "
            f"(as it was: {rows['first_half_as_it_was']:.1%}), AUC {rows['auc']}, slope {rows['calibration_slope']}"
        )
    for row in told["bands"]:
        rate = "" if row["rate"] is None else f"{row['rate']:.1%}"
        yield f"  score from {row['from']:>6.2f}: {row['checks']:>6,} checks, {row['found']:>5,} found, {rate}"
    for row in told["strictness"]:
        yield (
            f"  inspector {row['who']}: {row['found']} found, {row['expected']} expected, "
            f"ratio {row['ratio']} ({row['low']} to {row['high']})"
        )


def comparison_tables(told: dict[str, Any]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Heading, columns and rows of each part of a comparison."""
    versions = [*told["versions"]]
    measures = [*next(iter(told["versions"].values()))["measures"]]
    rows = [[name, *(str(told["versions"][one]["measures"].get(name)) for one in versions)] for name in measures]
    yield f"{told['checks']:,} random checks, {told['from']} to {told['to']}", ["measure", *versions], rows
    for one in versions:
        bands = told["versions"][one]["bands"]
        yield (
            f"{one}: band × examined × found",
            ["score from", "checks", "found", "rate"],
            [[f"{row['from']:.2f}", str(row["checks"]), str(row["found"]), str(row["rate"])] for row in bands],
        )
    if told["worse"]:
        yield f"{versions[0]} is worse than {versions[1]} in", ["what"], [[fault] for fault in told["worse"]]
