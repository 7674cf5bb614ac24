"""A risk model flows in; the SQL that scores the objects of its profile, with every reason, flows out.

Points are whole hundredths throughout, so that both engines come to the same score to the last digit. The steps:
<table>_by_object counts acts, `measured` puts every indicator's value, level and words beside the profile, `weighed`
its points, `scored` adds them up, `graded` names the grade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dbt_project.render.fields import field_of
from dbt_project.render.sql import condition, holding
from schemas.contract import Measure, TableContract, contracts, grades, table_of, tables
from schemas.contract.risk import DaysSince, Events, Flagged, Indicator, RiskModel, Since, State, Value
from schemas.contract.views import OBJECT, OBJECT_KEY, additive, counted_on_objects
from spark_jobs.building import evening_sql
from spark_jobs.lake.sql import literal

TARGET, SHADOW, BEFORE = "gold.risk_score", "gold.risk_score_shadow", "gold.risk_score_before"


@dataclass(frozen=True)
class _Figure:
    """SQL of one indicator: its value, the level that gives points if it is another, its words, a join it needs."""

    value: str
    level: str | None = None
    words: str | None = None
    join: str | None = None


def scoring_sql(model: RiskModel, as_of: date) -> str:
    """The scoring by one model as one query in the dialect that Sail and Spark share."""
    steps = {**_to_measured(model, as_of), **_from_measured(model, as_of)}
    columns = [f"cast({c.name} as {c.spark_type}) as {c.name}" for c in contracts()[TARGET].columns]
    return f"with {_named(steps)} select {', '.join(columns)} from graded"


def study_sql(model: RiskModel, rows: str, as_of: date) -> str:
    """The scoring of a study: `rows` has object_id and the numbers that the model reads; its score and its reasons."""
    figures = ", ".join(
        _measured_columns(indicator, _figure(model, indicator, as_of)) for indicator in model.indicators
    )
    steps = {
        "measured": f"select profile.*, {figures} from {rows} as profile",
        **_from_measured(model, as_of),
    }
    return f"with {_named(steps)} select {OBJECT_KEY}, score, grade, reasons, model, model_version from graded"


def measured_sql(model: RiskModel, as_of: date) -> str:
    """What the model is trained from: every object with the levels of its indicators as of a day, in hundredths."""
    levels = ", ".join(f"{indicator.name}_level" for indicator in model.indicators)
    return f"with {_named(_to_measured(model, as_of))} select {OBJECT_KEY}, {levels} from measured"


def _named(steps: Mapping[str, str]) -> str:
    return ", ".join(f"{name} as ({step})" for name, step in steps.items())


def _to_measured(model: RiskModel, as_of: date) -> dict[str, str]:
    """The steps from acts to levels."""
    counted = _counted(model)
    return {
        **(evening_sql.body_steps(as_of) if any(map(_is_evened, model.indicators)) else {}),
        **{f"{table.table}_by_object": _by_object(model, table, as_of) for table in counted},
        "measured": _measured(model, counted, as_of),
    }


def _is_evened(indicator: Indicator) -> bool:
    """Whether each act counts the less, the stricter who made it is."""
    return isinstance(indicator.measure, Events) and indicator.measure.evened


def _from_measured(model: RiskModel, as_of: date) -> dict[str, str]:
    """The steps from levels to grades."""
    points = ", ".join(f"{_points(indicator)} as {indicator.name}_points" for indicator in model.indicators)
    return {
        "weighed": f"select *, {points} from measured",
        "scored": _scored(model),
        "graded": _graded(model, as_of),
    }


def _counted(model: RiskModel) -> list[TableContract]:
    """The tables whose acts the model counts."""
    counting = counted_on_objects([*tables("base").values(), *tables("themes").values()])
    return [table for table in counting if any(_counts_of(model, table))]


def _counts_of(model: RiskModel, table: TableContract) -> Iterator[tuple[Indicator, Events | Since, Measure]]:
    """The indicators that count acts of a base table, with what they count."""
    for indicator in model.indicators:
        if isinstance(indicator.measure, Events | Since) and indicator.measure.of in additive(table):
            yield indicator, indicator.measure, table.measures[indicator.measure.of]


def _by_object(model: RiskModel, table: TableContract, as_of: date) -> str:
    """One row an object: what each indicator counts of one base table, plain and faded by age."""
    figures = []
    for indicator, events, measure in _counts_of(model, table):
        counts = " and ".join(_conditions(indicator, events, measure, table, as_of))
        if isinstance(events, Since):
            figures.append(f"max(case when {counts} then {_event_date(table)} end) as {indicator.name}_last")
            continue
        unit = f"cast({measure.sum} * 100 as bigint)" if measure.sum else "100"
        faded = f"({unit} * {_faded(indicator, table, as_of)}) div 100"
        if _is_evened(indicator):
            faded = f"({faded} * {evening_sql.SHARE}) div 100"
        figures.append(f"sum(case when {counts} then {unit} else 0 end) as {indicator.name}_plain")
        figures.append(f"sum(case when {counts} then {faded} else 0 end) as {indicator.name}_faded")
    rows = _standing(table.name) if table.has_withdrawn else table.name
    if any(_is_evened(indicator) for indicator, _, _ in _counts_of(model, table)):
        rows += f" {evening_sql.JOIN}"
    acts = f"{rows} where {OBJECT_KEY} is not null"
    if model.field:
        acts += f" and {field_of(table)} = {literal(model.field)}"
    return f"select {OBJECT_KEY}, {', '.join(figures)} from {acts} group by {OBJECT_KEY}"


def _standing(table: str) -> str:
    """The rows of a base table that nobody has taken back, as the models read them (macros/standing.sql)."""
    return f"(select * from {table} where withdrawn_at is null)"


def _conditions(
    indicator: Indicator, events: Events | Since, measure: Measure, table: TableContract, as_of: date
) -> Iterator[str]:
    """What an act must be to count: in the window, of the measure, and as the indicator narrows it."""
    happened = _event_date(table)
    yield f"{happened} <= {literal(as_of)}"
    if indicator.window_days:
        yield f"datediff({literal(as_of)}, {happened}) <= {indicator.window_days}"
    yield from filter(None, [condition(measure)])
    yield from holding(events.where)
    if measure.sum:
        yield f"{measure.sum} is not null"


def _event_date(table: TableContract) -> str:
    assert table.event, table.name
    return table.event.date


def _faded(indicator: Indicator, table: TableContract, as_of: date) -> str:
    """Hundredths of an act that its age leaves of it."""
    if not indicator.decay:
        return "100"
    steps = sorted(indicator.decay.items(), reverse=True)
    age = f"datediff({literal(as_of)}, {_event_date(table)})"
    return f"(case {' '.join(f'when {age} > {days} then {_hundredths(share)}' for days, share in steps)} else 100 end)"


def _measured(model: RiskModel, counted: Sequence[TableContract], as_of: date) -> str:
    """The profile with every indicator's value and level, in hundredths, and the words for the value."""
    figures = []
    joined = [_left_join(f"{table.table}_by_object") for table in counted]
    for indicator in model.indicators:
        figure = _figure(model, indicator, as_of)
        figures.append(_measured_columns(indicator, figure))
        joined += [figure.join] if figure.join else []
    joined.append(_left_join("registered", of=_standing(f"base.{OBJECT}")))
    return f"select profile.*, {', '.join(figures)} from {model.profile} as profile {' '.join(joined)}"


def _measured_columns(indicator: Indicator, figure: _Figure) -> str:
    """An indicator's value, its level and its words, as columns."""
    level = figure.level or figure.value
    words = figure.words or f"cast(({figure.value}) div 100 as string)"
    is_code = indicator.is_learned and isinstance(indicator.measure, State)
    return (
        f"cast({figure.value} as bigint) as {indicator.name}_value, "
        f"cast({level} as {'string' if is_code else 'bigint'}) as {indicator.name}_level, "
        f"{words} as {indicator.name}_words"
    )


def _left_join(name: str, of: str = "") -> str:
    return f"left join {of} {name} on {name}.{OBJECT_KEY} = profile.{OBJECT_KEY}"


def _figure(model: RiskModel, indicator: Indicator, as_of: date) -> _Figure:
    """How an indicator is read from the joined tables."""
    measure, name = indicator.measure, indicator.name
    match measure:
        case Events():
            return _Figure(f"coalesce({name}_plain, 0)", level=f"coalesce({name}_faded, 0)")
        case DaysSince():
            return _Figure(f"cast(datediff({literal(as_of)}, profile.{measure.column}) as bigint) * 100")
        case Since():
            return _Figure(f"cast(datediff({literal(as_of)}, {name}_last) as bigint) * 100")
        case Value():
            value = f"cast(round(profile.{measure.column} * 100) as bigint)"
            return _Figure(value, words=f"cast({_decimal(value, 12)} as string)")
        case Flagged():
            doubt = literal(f"{measure.column}: %{measure.says}%")
            doubts = f"filter(registered.flags, flag -> flag like {doubt})"
            return _Figure(f"case when size({doubts}) > 0 then 100 else 0 end")
        case State():
            codes = literal(str(table_of(model.profile).column(measure.column).codes))
            return _Figure(
                f"case profile.{measure.column} {_shares(measure)} else 0 end" if measure.shares else "100",
                level=f"profile.{measure.column}" if indicator.is_learned else None,
                words=f"{name}_code.label",
                join=f"left join codes.code as {name}_code"
                f" on {name}_code.list = {codes} and {name}_code.code = profile.{measure.column}",
            )


def _shares(state: State) -> str:
    return " ".join(f"when {literal(code)} then {_hundredths(share)}" for code, share in state.shares.items())


def _points(indicator: Indicator) -> str:
    """Hundredths of points that an indicator adds."""
    level = f"{indicator.name}_level"
    if indicator.is_learned:
        return f"cast({_learned_points(indicator, level)} as bigint)"
    assert indicator.weight
    weight = _hundredths(indicator.weight)
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


def _learned_points(indicator: Indicator, level: str) -> str:
    """The points of the bin that a level lies in; a level that equals a cut lies above it."""
    missing = _hundredths(indicator.points_missing)
    if indicator.points_of:
        codes = " ".join(f"when {literal(code)} then {_hundredths(p)}" for code, p in indicator.points_of.items())
        return f"case {level} {codes} else {missing} end"
    *below, highest = indicator.points
    bins = " ".join(
        f"when {level} < {_hundredths(cut)} then {_hundredths(points)}"
        for cut, points in zip(indicator.cuts, below, strict=True)
    )
    return f"case when {level} is null then {missing} {bins} else {_hundredths(highest)} end"


def _scored(model: RiskModel) -> str:
    """Every object with its score and the indicators that gave points, the weightiest first."""
    total = " + ".join(f"{indicator.name}_points" for indicator in model.indicators)
    reasons = ", ".join(_reason(indicator, place) for place, indicator in enumerate(model.indicators))
    return f"""
        select *,
            {total} as hundredths,
            transform(
                array_sort(filter(array({reasons}), reason -> reason.falling < 0)),
                reason -> named_struct(
                    'indicator', reason.indicator, 'label', reason.label, 'value', reason.value,
                    'weight', reason.weight, 'points', reason.points, 'reason', reason.reason)
            ) as reasons
        from weighed"""


def _reason(indicator: Indicator, place: int) -> str:
    """The words stand last: what is before them decides the order."""
    name = indicator.name
    return f"""named_struct(
        'falling', -{name}_points, 'place', {place},
        'indicator', {literal(name)}, 'label', {literal(indicator.label)},
        'value', cast({name}_value as double) / 100, 'weight', cast({indicator.most} as double),
        'points', {_decimal(f"{name}_points")}, 'reason', {_sentence(indicator)})"""


def _sentence(indicator: Indicator) -> str:
    """The reason's text with its figures, or what is said where there is none."""
    text = indicator.reason.replace("{days}", str(indicator.window_days))
    pieces = f", {indicator.name}_words, ".join(literal(piece) for piece in text.split("{value}"))
    filled = f"concat({pieces})"
    if indicator.reason_missing:
        return f"case when {indicator.name}_level is null then {literal(indicator.reason_missing)} else {filled} end"
    return filled


def _graded(model: RiskModel, as_of: date) -> str:
    bounds = [(_hundredths(bound), literal(grade)) for grade, bound in model.grades.items()]
    steps = " ".join(f"when hundredths >= {bound} then {grade}" for bound, grade in bounds)
    return f"""
        select *,
            {_decimal("hundredths")} as score,
            case {steps} else {literal(grades()[-1].code)} end as grade,
            array_join(transform(reasons, reason -> reason.reason), '；') as reasons_text,
            {literal(model.model)} as model,
            {literal(model.is_general)} as is_general,
            {literal(model.version)} as model_version,
            {literal(as_of)} as as_of
        from scored"""


def _hundredths(number: Decimal) -> int:
    return int(number * 100)


def _decimal(hundredths: str, digits: int = 6) -> str:
    whole = f"cast({hundredths} as decimal({digits + 2},0))"
    return f"cast({whole} * cast(0.01 as decimal(3,2)) as decimal({digits},2))"
