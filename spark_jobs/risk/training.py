"""A learned model flows in, and what it is learned from; the same model with points flows out.

Of the lake only 双随机 checks are learned from: nobody chose them by what was known of the object. Levels are those of
the first day of the check's month, so of a day before the check; each draw stands for the objects that could have been
drawn instead: its weight is the number of objects of its city and industry over the number of draws there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract.risk import RiskModel, State
from spark_jobs.building.scoring_sql import measured_sql
from spark_jobs.engine.session import connect, query
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.sql import literal
from spark_jobs.lake.tables import exists, read
from spark_jobs.risk.additive import Rows, train
from spark_jobs.risk.backtest import learn
from spark_jobs.risk.history import Numbers
from spark_jobs.risk.registers import day_number, read_register

RANDOM = "1"
"""The code of 双随机、一公开 in check_mode."""
HELD_BACK = timedelta(days=60)
YEAR = 365
# So many findings are enough for the earlier ones to be left out. (ours)
ENOUGH = 500
# What a model is measured by, part by part.
GROUPS = ("city_code", "industry_section", "size", "department")
# Registered capital stands for the size of a firm, which nobody registers. (ours)
SIZE = """case
    when profile.capital_currency <> 'CNY' or profile.capital_amount is null then ''
    when profile.capital_amount < 1000000 then 'below 1 million yuan'
    when profile.capital_amount < 10000000 then '1 to 10 million yuan'
    else '10 million yuan and more' end"""
# A stratum with few draws must not decide the model.
MOST_WEIGHT = 5.0


@dataclass(frozen=True)
class Draws:
    """Random checks by day: which object, what was found, who checked, where; `group`: names to measure by."""

    object_id: Numbers
    day: Numbers
    found: Numbers
    body: Numbers
    weight: Numbers
    groups: dict[str, Numbers]

    def chosen(self, rows: Numbers) -> Draws:
        """Some of the draws."""
        groups = {name: values[rows] for name, values in self.groups.items()}
        return Draws(self.object_id[rows], self.day[rows], self.found[rows], self.body[rows], self.weight[rows], groups)


def train_study(study: RiskModel, folder: Path, first: date | None, last: date | None, seed: int) -> RiskModel:
    """Learns from a register's usable rows of a period, or of all days."""
    register = read_register(str(study.reads), folder)
    begin = day_number(first) if first else -(1 << 40)
    end = day_number(last) if last else 1 << 40
    rows = np.flatnonzero(register.usable & (register.day >= begin) & (register.day <= end))
    if not len(rows):
        raise Refused(f"{folder}: no rows from {first} to {last}")
    return learn(study, register, rows, f"{study.reads}: {folder.name}", seed)


def train_from_lake(home: Home, model: RiskModel, first: date | None, last: date | None, seed: int) -> RiskModel:
    """Learns from random checks of a period: by default all but the last 60 days, which are for comparing.

    Of a lake's first years little is known of what went before a check, and a score would mean more then than it does
    later: checks without the model's longest window before them are left out where enough are left.
    """
    draws = draws_of(home, model)
    end = last or (newest_day(draws) - HELD_BACK)
    draws = draws.chosen(draws.day <= day_number(end))
    begin = first or _first_known(model, draws)
    draws = draws.chosen(draws.day >= day_number(begin))
    if not len(draws.day):
        raise Refused(f"base.check_action has no random checks (双随机) from {begin} to {end}")
    levels, known = levels_of(home, model, draws)
    draws = draws.chosen(known)
    days = draws.day.astype("datetime64[D]")
    weights = "number of objects over number of draws, by city and industry, mean 1, at most 5"
    rows = Rows(levels, draws.found, draws.weight, draws.body)
    return train(model, rows, "base.check_action", days.min().item(), days.max().item(), seed, weights)


def _first_known(model: RiskModel, draws: Draws) -> date:
    """The first day before which the longest window, or a year, is known, if enough was found since; else the first."""
    if not len(draws.day):
        return date.min
    first: date = draws.day.min().astype("datetime64[D]").item()
    longest = max((one.window_days or 0 for one in model.indicators), default=0)
    for days in (max(longest, YEAR), YEAR):
        begin = first + timedelta(days)
        if draws.found[draws.day >= day_number(begin)].sum() >= ENOUGH:
            return begin
    return first


def draws_of(home: Home, model: RiskModel) -> Draws:
    """Every random check of an object that the model scores, the oldest first; Refused where there are none."""
    path = home.table("base", "check_action")
    if not exists(path):
        raise Refused("base.check_action is not built yet: lakewarden run")
    spark = connect(home, needs={"base.check_action", model.profile})
    draws = spark.sql(f"""
        select
            act.object_id, act.check_date, act.is_problem, act.department,
            coalesce(act.implement_institution_code, act.department) as body,
            profile.city_code, profile.industry_section, {SIZE} as size
        from base.check_action as act
        inner join {model.profile} as profile on profile.object_id = act.object_id
        where act.withdrawn_at is null and act.check_date is not null and act.is_problem is not null
            and act.check_mode = {literal(RANDOM)}
        order by act.check_date, act.department, act.check_action_code""").toArrow()
    strata = read(home.table(*model.profile.split(".")), ["city_code", "industry_section"])
    if not draws.num_rows:
        raise Refused(f"{model.name}: base.check_action has no random checks (双随机) of its objects")
    return Draws(
        object_id=_text(draws["object_id"]),
        day=draws["check_date"].cast(pa.int32()).to_numpy().astype(np.int64),
        found=draws["is_problem"].to_numpy(zero_copy_only=False).astype(bool),
        body=_text(draws["body"]),
        weight=_weights(_stratum(draws), _stratum(strata)),
        groups={name: _text(draws[name]) for name in GROUPS},
    )


def newest_day(draws: Draws) -> date:
    """The day of the last draw."""
    day: date = draws.day.max().astype("datetime64[D]").item()
    return day


def levels_of(home: Home, model: RiskModel, draws: Draws) -> tuple[dict[str, Numbers], Numbers]:
    """The levels of the draws that the model knows, by indicator, and which draws those are.

    Asked of the engine once a month: the levels of all objects as of its first day, which no draw of it can change.
    """
    months = draws.day.astype("datetime64[D]").astype("datetime64[M]")
    found: dict[str, list[Any]] = {one.name: [None] * len(draws.day) for one in model.indicators}
    known = np.zeros(len(draws.day), dtype=bool)
    for month in np.unique(months):
        before = month.astype("datetime64[D]").item() - timedelta(days=1)
        levels = query(home, measured_sql(model, before)).toArrow()
        place = {code: row for row, code in enumerate(levels["object_id"].to_pylist())}
        columns = {one.name: levels[f"{one.name}_level"].to_pylist() for one in model.indicators}
        for row in np.flatnonzero(months == month):
            at = place.get(str(draws.object_id[row]))
            if at is not None:
                known[row] = True
                for name, column in columns.items():
                    found[name][row] = column[at]
    return {one.name: _column(one.measure, found[one.name], known) for one in model.indicators}, known


def _column(measure: object, values: list[Any], known: Numbers) -> Numbers:
    """Levels in hundredths as numbers with NaN for missing, or codes as they are."""
    if isinstance(measure, State):
        return np.array(values, dtype=object)[known]
    return np.array([np.nan if value is None else value / 100 for value in values])[known]


def _text(column: pa.ChunkedArray) -> Numbers:
    return np.array(pc.fill_null(column.cast(pa.string()), "").to_pylist(), dtype=str)


def _stratum(rows: pa.Table) -> Numbers:
    return np.char.add(np.char.add(_text(rows["city_code"]), " "), _text(rows["industry_section"]))


def _weights(drawn: Numbers, objects: Numbers) -> Numbers:
    """For each draw the objects of its stratum over the draws there: one over the chance of being drawn, mean 1."""
    names, place = np.unique(drawn, return_inverse=True)
    counted = dict(zip(*np.unique(objects, return_counts=True), strict=True))
    share = np.array([counted.get(name, 1) for name in names]) / np.bincount(place)
    weight = share[place] / share[place].mean()
    weight = np.minimum(weight, MOST_WEIGHT)
    return np.asarray(weight / weight.mean())
