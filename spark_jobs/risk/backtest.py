"""A study and a register flow in; what the model, learned before a window, would have told of it flows out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.contract.risk import RiskModel
from spark_jobs.building.scoring_sql import study_sql
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home, Refused
from spark_jobs.risk.additive import Rows, rate, train
from spark_jobs.risk.history import Numbers
from spark_jobs.risk.measures import BANDS, bands, measures, rises
from spark_jobs.risk.registers import Register, day_number, read_register
from spark_jobs.risk.strictness import strictness

FEWEST = 100


def backtest(study: RiskModel, folder: Path, first: date, last: date, seed: int) -> dict[str, Any]:
    """Learns from every usable row before the window and measures on those in it, both days included.

    `as_published`: every row is scored by what was known the day before its inspection, as the City of Chicago did.
    `planned_at_start`: by what was known when the window began, which is all that a plan for it could have used.
    """
    register = read_register(str(study.reads), folder)
    begin, end = day_number(first), day_number(last)
    before = np.flatnonzero(register.usable & (register.day < begin))
    window = _window(register, begin, end)
    if len(before) < FEWEST or len(window) < FEWEST:
        raise Refused(
            f"{folder}: {len(before)} rows before {first} and {len(window)} until {last}; {FEWEST} are needed"
        )
    model = learn(study, register, before, f"{study.reads}: {folder.name}", seed)
    learned_from = score_by_sql(model, register.known(before, register.day[before]), first)
    scores = score_by_sql(model, register.known(window, register.day[window]), first)
    planned = score_by_sql(model, register.known(window, np.full(len(window), begin)), first)
    bounds = np.quantile(learned_from, np.arange(1, BANDS) / BANDS)
    found, day = register.found[window], register.day[window]
    by_band = bands(scores, found, bounds)
    as_published = measures(scores, rate(model, scores), found, day)
    return {
        "model": study.model,
        "from": str(first),
        "to": str(last),
        "learned_from": {
            "rows": len(before),
            "found": int(register.found[before].sum()),
            "until": str(model.trained.last),
        }
        if model.trained
        else {},
        "population": "published" if _is_published(register, window) else "usable",
        "inspector_term": False,
        **as_published,
        "bands": by_band,
        "bands_rise": rises([row["rate"] for row in by_band]),
        "planned_at_start": measures(planned, rate(model, planned), found, day),
        "by": {
            name: _by(group[window], scores, rate(model, scores), found, day) for name, group in register.groups.items()
        },
        "strictness": _strictness(register.inspector[window], found, rate(model, scores)),
        "indicators": _ranges(model),
    }


def learn(study: RiskModel, register: Register, rows: Numbers, data: str, seed: int) -> RiskModel:
    """The study's model with points that are learned from these rows."""
    known = _levels(register.known(rows, register.day[rows]), study)
    days = register.day[rows].astype("datetime64[D]")
    return train(
        study,
        Rows(known, register.found[rows], np.ones(len(rows)), register.inspector[rows]),
        data,
        days.min().item(),
        days.max().item(),
        seed,
    )


def score_by_sql(model: RiskModel, known: dict[str, Numbers], as_of: date) -> Numbers:
    """The scores by the SQL that scores the lake, on the engine."""
    levels = _levels(known, model)
    number = pa.array(range(len(next(iter(levels.values())))), pa.int64())
    rows = pa.table(
        {"object_id": number, **{name: pa.array(column, from_pandas=True) for name, column in levels.items()}}
    )
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "lake")
        home.create()
        spark = connect(home, needs=())
        spark.createDataFrame(rows).createOrReplaceTempView("study_rows")
        scored = spark.sql(study_sql(model, "study_rows", as_of)).select("object_id", "score").toArrow()
    scored = scored.sort_by("object_id")
    return np.asarray(scored["score"].cast(pa.float64()))


def _levels(known: dict[str, Numbers], model: RiskModel) -> dict[str, Numbers]:
    """The numbers that the model reads, to the hundredth, as the SQL reads them."""
    columns = {one.name: getattr(one.measure, "column", "") for one in model.indicators}
    if missing := sorted({*columns.values()} - {*known}):
        raise Refused(f"{model.file}: the register knows no {', '.join(missing)}; it knows {', '.join(known)}")
    return {name: np.round(known[column].astype(float), 2) for name, column in columns.items()}


def _window(register: Register, begin: int, end: int) -> Numbers:
    """The rows of the window: those that were published as a test, where there are enough, or all usable ones."""
    inside = (register.day >= begin) & (register.day <= end) & register.usable
    published = register.groups.get("published")
    if published is not None and (both := inside & (published == "published")).sum() > inside.sum() / 2:
        inside = both
    return np.flatnonzero(inside)


def _is_published(register: Register, rows: Numbers) -> bool:
    published = register.groups.get("published")
    return published is not None and bool((published[rows] == "published").all())


def _by(group: Numbers, scores: Numbers, rates: Numbers, found: Numbers, day: Numbers) -> dict[str, Any]:
    """The measures of each value of a group that has enough rows."""
    return {
        str(value): measures(scores[here], rates[here], found[here], day[here])
        for value in np.unique(group)
        if (here := group == value).sum() >= FEWEST
    }


def _strictness(inspector: Numbers, found: Numbers, expected: Numbers) -> list[dict[str, Any]]:
    """How strict each inspector was in the window, where the register says who it was."""
    known = inspector != ""
    return strictness(inspector[known], found[known], expected[known])


def _ranges(model: RiskModel) -> dict[str, float]:
    """The most points that each indicator gives, the weightiest first."""
    return {one.name: float(one.most) for one in sorted(model.indicators, key=lambda one: -one.most)}
