"""The market theme and the acts of base flow in; gold.risk_score, every score with its reasons, flows out.

Points are whole hundredths throughout, so that both engines come to the same score to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pyspark.sql import SparkSession

from schemas.contract import contracts
from schemas.contract.risk import (
    OBJECT,
    PROFILE,
    DaysSince,
    Events,
    Flagged,
    Indicator,
    RiskModel,
    risk_model,
)
from spark_jobs.lake.home import Home
from spark_jobs.lake.sql import literal

MODEL = "market_firm"
TARGET = "gold.risk_score"


@dataclass(frozen=True)
class _Figure:
    """SQL of one indicator: its value, the level that gives points if it is another, its words, a join it needs."""

    value: str
    level: str | None = None
    words: str | None = None
    join: str | None = None


def score(home: Home, spark: SparkSession, as_of: date) -> int:
    """Scores every object of the profile as of a day, in one commit; returns how many."""
    spark.sql("create database if not exists gold")
    spark.sql(
        f"create or replace table {TARGET} using delta location '{home.table('gold', 'risk_score')}' as "
        + scoring_sql(risk_model(MODEL, as_of), as_of)
    )
    return int(spark.table(TARGET).count())


def scoring_text(as_of: date) -> str:
    """The SQL of the scores of a day, whose tables say what scores are built from."""
    return scoring_sql(risk_model(MODEL, as_of), as_of)


def scoring_sql(model: RiskModel, as_of: date) -> str:
    """The whole scoring as one statement in the dialect that Sail and Spark share."""
    tables = sorted({i.measure.table for i in model.indicators if isinstance(i.measure, Events)})
    points = ", ".join(f"{_points(indicator)} as {indicator.name}_points" for indicator in model.indicators)
    steps = {
        **{f"{table}_seen": _seen(model, table, as_of) for table in tables},
        "measured": _measured(model, tables, as_of),
        "weighed": f"select *, {points} from measured",
        "scored": _scored(model),
        "graded": _graded(model, as_of),
    }
    columns = [f"cast({c.name} as {c.spark_type}) as {c.name}" for c in contracts()[TARGET].columns]
    named = ", ".join(f"{name} as ({step})" for name, step in steps.items())
    return f"with {named} select {', '.join(columns)} from graded"


def _seen(model: RiskModel, table: str, as_of: date) -> str:
    """One row an object: what each indicator counts of one base table, plain (value) and faded by age (level)."""
    figures = []
    for indicator in model.indicators:
        measure = indicator.measure
        if isinstance(measure, Events) and measure.table == table:
            counts = _counts(indicator, measure, as_of)
            unit = f"cast({measure.column} * 100 as bigint)" if measure.column else "100"
            figures += [
                f"sum(case when {counts} then {unit} else 0 end) as {indicator.name}_seen",
                f"sum(case when {counts} then ({unit} * {_faded(indicator, measure, as_of)}) div 100 else 0 end)"
                f" as {indicator.name}_level",
            ]
    rows = f"{_standing(f'base.{table}')} where object_id is not null"
    return f"select object_id, {', '.join(figures)} from {rows} group by object_id"


def _standing(table: str) -> str:
    """The rows of a base table that nobody has taken back, as the models read them (macros/standing.sql)."""
    return f"(select * from {table} where withdrawn_at is null)"


def _counts(indicator: Indicator, measure: Events, as_of: date) -> str:
    conditions = [f"{measure.date} <= {literal(as_of)}"]
    conditions += [f"datediff({literal(as_of)}, {measure.date}) <= {indicator.window_days}"]
    for column, values in measure.where.items():
        conditions.append(f"{column} in ({', '.join(literal(value) for value in values)})")
    if measure.column:
        conditions.append(f"{measure.column} is not null")
    return " and ".join(conditions)


def _faded(indicator: Indicator, measure: Events, as_of: date) -> str:
    """Hundredths of an event that its age leaves of it."""
    if not indicator.decay:
        return "100"
    steps = sorted(indicator.decay.items(), reverse=True)
    age = f"datediff({literal(as_of)}, {measure.date})"
    return f"(case {' '.join(f'when {age} > {days} then {_hundredths(share)}' for days, share in steps)} else 100 end)"


def _measured(model: RiskModel, tables: Sequence[str], as_of: date) -> str:
    """The profile with every indicator's value and level, in hundredths, and the words for the value."""
    figures, joins = [], [f"left join {table}_seen on {table}_seen.object_id = profile.object_id" for table in tables]
    for indicator in model.indicators:
        figure = _figure(indicator, as_of)
        figures += [
            f"cast({figure.value} as bigint) as {indicator.name}_value",
            f"cast({figure.level or figure.value} as bigint) as {indicator.name}_level",
            f"{figure.words or f'cast(({figure.value}) div 100 as string)'} as {indicator.name}_words",
        ]
        joins += [figure.join] if figure.join else []
    joins.append(f"left join {_standing(OBJECT)} as registered on registered.object_id = profile.object_id")
    return f"select profile.*, {', '.join(figures)} from {PROFILE} as profile {' '.join(joins)}"


def _figure(indicator: Indicator, as_of: date) -> _Figure:
    """How an indicator is read from the joined tables."""
    measure, name = indicator.measure, indicator.name
    if isinstance(measure, Events):
        return _Figure(f"coalesce({name}_seen, 0)", level=f"coalesce({name}_level, 0)")
    if isinstance(measure, DaysSince):
        return _Figure(f"cast(datediff({literal(as_of)}, profile.{measure.column}) as bigint) * 100")
    if isinstance(measure, Flagged):
        doubt = literal(f"{measure.column}: %{measure.says}%")
        return _Figure(f"case when size(filter(registered.flags, flag -> flag like {doubt})) > 0 then 100 else 0 end")
    codes = literal(str(contracts()[PROFILE].column(measure.column).codes))
    shares = " ".join(f"when {literal(code)} then {_hundredths(share)}" for code, share in measure.shares.items())
    return _Figure(
        f"case profile.{measure.column} {shares} else 0 end",
        words=f"{name}_code.label",
        join=f"left join codes.code as {name}_code"
        f" on {name}_code.list = {codes} and {name}_code.code = profile.{measure.column}",
    )


def _points(indicator: Indicator) -> str:
    """Hundredths of points that an indicator adds."""
    level, weight = f"{indicator.name}_level", _hundredths(indicator.weight)
    if indicator.full_at:
        share = f"(least({level}, {indicator.full_at * 100}) * {weight}) div {indicator.full_at * 100}"
    elif indicator.bands:
        bands = " ".join(
            f"when {level} >= {value * 100} then {weight * _hundredths(share) // 100}"
            for value, share in sorted(indicator.bands.items(), reverse=True)
        )
        share = f"case {bands} else 0 end"
    else:
        share = f"({level} * {weight}) div 100"
    if indicator.missing:
        share = f"case when {level} is null then {weight * _hundredths(indicator.missing) // 100} else {share} end"
    return f"cast({share} as bigint)"


def _scored(model: RiskModel) -> str:
    """Every object with its score and the indicators that gave points, the weightiest first."""
    total = " + ".join(f"{indicator.name}_points" for indicator in model.indicators)
    reasons = ", ".join(_reason(indicator, place) for place, indicator in enumerate(model.indicators))
    return f"""
        select *,
            {total} as hundredths,
            transform(
                array_sort(filter(array({reasons}), found -> found.falling < 0)),
                found -> named_struct(
                    'indicator', found.indicator, 'label', found.label, 'value', found.value,
                    'weight', found.weight, 'points', found.points, 'reason', found.reason)
            ) as reasons
        from weighed"""


def _reason(indicator: Indicator, place: int) -> str:
    """The words stand last: what is before them decides the order."""
    name = indicator.name
    return f"""named_struct(
        'falling', -{name}_points, 'place', {place},
        'indicator', {literal(name)}, 'label', {literal(indicator.label)},
        'value', cast({name}_value as double) / 100, 'weight', cast({indicator.weight} as double),
        'points', {_decimal(f"{name}_points")}, 'reason', {_sentence(indicator)})"""


def _sentence(indicator: Indicator) -> str:
    """The reason's text with its figures, or what is said where there is none."""
    text = indicator.reason.replace("{days}", str(indicator.window_days))
    pieces = f", {indicator.name}_words, ".join(literal(piece) for piece in text.split("{value}"))
    said = f"concat({pieces})"
    if indicator.reason_missing:
        return f"case when {indicator.name}_level is null then {literal(indicator.reason_missing)} else {said} end"
    return said


def _graded(model: RiskModel, as_of: date) -> str:
    bounds = {name: _hundredths(getattr(model.grades, name)) for name in ("red", "orange", "yellow")}
    steps = " ".join(f"when hundredths >= {bound} then {literal(name)}" for name, bound in bounds.items())
    return f"""
        select *,
            {_decimal("hundredths")} as score,
            case {steps} else 'blue' end as grade,
            array_join(transform(reasons, found -> found.reason), '；') as reasons_text,
            {literal(model.model)} as model,
            {literal(model.version)} as model_version,
            {literal(as_of)} as as_of
        from scored"""


def _hundredths(number: Decimal) -> int:
    return int(number * 100)


def _decimal(hundredths: str) -> str:
    return f"cast(cast({hundredths} as decimal(8,0)) * cast(0.01 as decimal(3,2)) as decimal(6,2))"
