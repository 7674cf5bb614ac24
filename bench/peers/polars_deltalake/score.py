"""The market theme and the acts of base flow in; every object's risk score flows out, and a row a reason.

Points are whole hundredths throughout, as the model is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import polars as pl

from bench.frozen import frozen_tables
from bench.peers.polars_deltalake.reference import code_label
from bench.peers.polars_deltalake.tables import shaped
from bench.peers.polars_deltalake.themes import Tables
from bench.peers.risk import (
    GRADE_NAMES,
    GRADES,
    INDICATORS,
    MODEL,
    VERSION,
    DaysSince,
    Events,
    Flagged,
    Indicator,
    State,
)

POINTS = pl.Decimal(6, 2)
REASON = {
    "indicator": pl.String,
    "label": pl.String,
    "value": pl.Float64,
    "weight": pl.Float64,
    "points": POINTS,
    "reason": pl.String,
}


def scored(base: Tables, profile: pl.LazyFrame, as_of: date) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """gold.risk_score and gold.risk_reason."""
    graded = _graded(_weighed(base, profile, as_of), as_of).collect().lazy()
    found = pl.concat([_reason(graded, one, place) for place, one in enumerate(INDICATORS)])
    found = found.sort(pl.col("points"), -pl.col("place"), descending=True)
    listed = found.group_by("object_id").agg(reasons=pl.struct(*REASON), reasons_text=pl.col("reason").str.join("；"))
    nothing = pl.lit(pl.Series([[]], dtype=pl.List(pl.Struct(REASON))))
    scores = graded.join(listed, on="object_id", how="left").with_columns(
        pl.col("reasons").fill_null(nothing), pl.col("reasons_text").fill_null("")
    )
    reasons = found.rename({"label": "indicator_label"})
    return shaped(scores, frozen_tables()["gold.risk_score"]), shaped(reasons, frozen_tables()["gold.risk_reason"])


def _decimal(hundredths: pl.Expr) -> pl.Expr:
    return (hundredths.cast(pl.Decimal(8, 0)) * pl.lit(Decimal("0.01"))).cast(POINTS)


def _weighed(base: Tables, profile: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """The profile with the value, the level, the words and the points of every indicator."""
    flags = base["supervised_object"].select("object_id", "flags")
    rows = profile.join(flags, on="object_id", how="left")
    for table in sorted({i.measure.table for i in INDICATORS if isinstance(i.measure, Events)}):
        rows = rows.join(_seen(base[table], table, as_of), on="object_id", how="left")
    figures = {name: figure for one in INDICATORS for name, figure in _figures(one, as_of)}
    points = {f"{one.name}_points": _points(one) for one in INDICATORS}
    return rows.with_columns(**figures).with_columns(**points)


def _seen(acts: pl.LazyFrame, table: str, as_of: date) -> pl.LazyFrame:
    """One row an object: what each indicator counts of one base table, plain (value) and faded by age (level)."""
    counted = {}
    for one in INDICATORS:
        measure = one.measure
        if isinstance(measure, Events) and measure.table == table:
            age = (pl.lit(as_of) - pl.col(measure.date)).dt.total_days()
            counts = age.is_between(0, one.window_days)
            for column, values in measure.where.items():
                counts &= pl.col(column).is_in(values)
            unit = (pl.col(measure.column) * 100).cast(pl.Int64) if measure.column else pl.lit(100, pl.Int64)
            kept = pl.lit(100, pl.Int64)
            for days, share in sorted(one.decay.items()):
                kept = pl.when(age > days).then(share).otherwise(kept)
            counted[f"{one.name}_value"] = pl.when(counts).then(unit).sum()
            counted[f"{one.name}_level"] = pl.when(counts).then(unit * kept // 100).sum()
    return acts.filter(pl.col("object_id").is_not_null()).group_by("object_id").agg(**counted)


def _figures(one: Indicator, as_of: date) -> Iterator[tuple[str, pl.Expr]]:
    """What an indicator says of an object, in hundredths, and in words."""
    value, level, measure = f"{one.name}_value", f"{one.name}_level", one.measure
    if isinstance(measure, Events):
        yield value, pl.col(value).fill_null(0)
        yield level, pl.col(level).fill_null(0)
        return
    if isinstance(measure, DaysSince):
        figure = (pl.lit(as_of) - pl.col(measure.column)).dt.total_days() * 100
    elif isinstance(measure, Flagged):
        doubt = pl.element().str.contains(f"(?s)^{measure.column}: .*{measure.says}")
        figure = pl.col("flags").list.eval(doubt).list.any().fill_null(False) * 100
    else:
        figure = pl.col(measure.column).replace_strict(measure.shares, default=0, return_dtype=pl.Int64)
    yield value, figure.cast(pl.Int64)
    yield level, figure.cast(pl.Int64)


def _points(one: Indicator) -> pl.Expr:
    """Hundredths of points that an indicator adds."""
    level, weight = pl.col(f"{one.name}_level"), one.weight * 100
    if one.full_at:
        points = pl.min_horizontal(level, one.full_at * 100) * weight // (one.full_at * 100)
    elif one.bands:
        points = pl.lit(0, pl.Int64)
        for least, share in sorted(one.bands.items()):
            points = pl.when(level >= least * 100).then(weight * share // 100).otherwise(points)
    else:
        points = level * weight // 100
    if one.missing:
        points = pl.when(level.is_null()).then(weight * one.missing // 100).otherwise(points)
    return points.cast(pl.Int64)


def _graded(weighed: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    hundredths = pl.sum_horizontal(f"{one.name}_points" for one in INDICATORS)
    grade = pl.lit("blue")
    for name, least in GRADES.items():
        grade = pl.when(hundredths >= least).then(pl.lit(name)).otherwise(grade)
    return weighed.with_columns(
        score=_decimal(hundredths),
        grade=grade,
        grade_name=grade.replace_strict(GRADE_NAMES),
        model=pl.lit(MODEL),
        model_version=pl.lit(VERSION),
        as_of=pl.lit(as_of),
    )


def _reason(graded: pl.LazyFrame, one: Indicator, place: int) -> pl.LazyFrame:
    """The objects to which an indicator gives points, and the words for it."""
    points, value = pl.col(f"{one.name}_points"), pl.col(f"{one.name}_value")
    return graded.filter(points > 0).select(
        "object_id",
        "city_code",
        "grade",
        place=pl.lit(place),
        indicator=pl.lit(one.name),
        label=pl.lit(one.label),
        value=value.cast(pl.Float64) / 100,
        weight=pl.lit(float(one.weight)),
        points=_decimal(points),
        reason=_sentence(one, value),
    )


def _sentence(one: Indicator, value: pl.Expr) -> pl.Expr:
    """The reason's text with its figures, or what is said where there is none."""
    text = one.reason.replace("{days}", str(one.window_days))
    if isinstance(one.measure, State):
        words = code_label(pl.col(one.measure.column), one.measure.codes)
    else:
        words = (value // 100).cast(pl.String)
    first, *others = text.split("{value}")
    said = pl.concat_str(pl.lit(first), *(part for other in others for part in (words, pl.lit(other))))
    if one.reason_missing:
        return pl.when(value.is_null()).then(pl.lit(one.reason_missing)).otherwise(said)
    return said
