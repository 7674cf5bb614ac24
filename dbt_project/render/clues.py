"""Clue rules flow in; the model of gold.clue_found flows out: the rows that each finds today, and whose duty it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dbt_project.render.fields import field_of
from dbt_project.render.sql import literal, standing_rows
from schemas.contract import ClueRule, Column, TableContract, clue_rules, fields, table_of, tables
from schemas.contract.clues import HOLE, GradeBy
from schemas.contract.risk import risk_models

# What a job writes, not a model, is a source to dbt.
WRITTEN_BY_JOBS = ("gold.risk_score",)
DAY = re.compile(r"\bas_of\b")
WORD = re.compile(r"\b[a-z_]\w*\b")
AS_OF = "{{ as_of() }}"
UNKNOWN = "不明"


def clue_models() -> Iterator[tuple[str, str]]:
    """The tables of gold that follow from clue rules, by name, with their models."""
    if "gold.clue_found" in tables("gold") and (rules := [*clue_rules().values()]):
        yield "clue_found", _found(rules)
        if {"gold.clue", "gold.clue_rule_hit"} <= tables("gold").keys():
            yield "clue_rule_hit", _hits(rules)


def _found(rules: list[ClueRule]) -> str:
    """Everything that is found, with the narrowest rule of duty in force; else the row's department, the field's."""
    parts = "\n    union all\n".join(f"    {_rows(rule)}" for rule in rules)
    columns = ",\n    ".join(f"cast(found.{name} as {kind}) as {name}" for name, kind in _kept())
    ruled = "not found.is_own and fitting.rule_no is not null"
    return f"""with found as (
{parts}
),

situation as (
    select distinct
        coalesce(item_code, '') as item, '' as problem, coalesce(industry_code, '') as industry,
        coalesce(region_code, '') as county, coalesce(city_code, '') as city, coalesce(field, '') as field
    from found
),

fitting as (
    {{{{ fitting_duties(standing('complaint_duty')) }}}}
),

ranked as (
    select
        fitting.*,
        row_number() over (
            partition by fitting.item, fitting.industry, fitting.county, fitting.city, fitting.field
            order by {{{{ narrowest_first() }}}}
        ) as place
    from fitting
    -- a rule without any condition is the complaints' last resort, and nobody's duty
    where fitting.duty_ground is not null
        and fitting.duty_from <= {AS_OF}
        and (fitting.duty_until is null or fitting.duty_until > {AS_OF})
)

select
    {columns},
    case when {ruled} then fitting.duty_department else coalesce(found.told_by, {_department_of_field()}) end
        as duty_department,
    case when {ruled} then fitting.rule_no end as duty_rule,
    case
        when {ruled} then fitting.duty_ground
        when found.told_by is not null then 'department'
        when {_department_of_field()} is not null then 'field'
    end as duty_ground
from found
left join ranked as fitting
    on fitting.item = coalesce(found.item_code, '')
    and fitting.industry = coalesce(found.industry_code, '')
    and fitting.county = coalesce(found.region_code, '')
    and fitting.city = coalesce(found.city_code, '')
    and fitting.field = coalesce(found.field, '')
    and fitting.place = 1
"""


def _kept() -> Iterator[tuple[str, str]]:
    """The columns of gold.clue_found that do not follow from duty."""
    for column in table_of("gold.clue_found").columns:
        if not column.name.startswith("duty_"):
            yield column.name, column.spark_type


def _department_of_field() -> str:
    cases = " ".join(f"when {literal(name)} then {literal(one.departments[0])}" for name, one in fields().items())
    return f"case found.field {cases} end"


def _rows(rule: ClueRule) -> str:
    """The rows that a rule finds, with the names that all rules share."""
    table = table_of(rule.of)
    known = {column.name: column for column in table.columns}
    has_object = "object_id" in known
    object_id = "own.object_id" if has_object else "cast(null as string)"
    name = f"own.{rule.named}" if rule.named else "cast(null as string)"
    of_register = [("industry_code", "object"), ("region_code", "object"), ("city_code", "object")]
    values = {
        "clue_rule": literal(rule.name),
        "matter": literal(rule.about),
        "subject": _joined("|", [_plain(column, known) for column in rule.each]),
        "model": "own.model" if "model" in known else "cast(null as string)",
        "object_id": object_id,
        "object_name": f"coalesce({name}, object.object_name)" if has_object else name,
        "field": _field(rule, known),
        "item_code": "own.item_code" if "item_code" in known else "cast(null as string)",
        **{
            column: f"coalesce(own.{column}, {of}.{column})" if column in known else f"{of}.{column}"
            for column, of in of_register
            if has_object
        },
        "begins": _day(rule.spell.from_, known) if rule.spell else "cast(null as date)",
        "ends": _day(rule.spell.to, known) if rule.spell and rule.spell.to else "cast(null as date)",
        "grade": _grade(rule),
        "reason": _reason(rule, known),
        "evidence": _evidence(table, known),
        "told_by": "own.department" if "department" in known else "cast(null as string)",
        "is_own": "true" if rule.duty == "own" else "false",
    }
    for column, _ in of_register:
        values.setdefault(column, f"own.{column}" if column in known else "cast(null as string)")
    order = ["clue_rule", "matter", "subject", "model", "object_id", "object_name", "field", "item_code"]
    order += ["industry_code", "region_code", "city_code", "begins", "ends", "grade", "reason", "evidence"]
    selected = ", ".join(f"{values[column]} as {column}" for column in [*order, "told_by", "is_own"])
    joins = ["left join {{ standing('supervised_object') }} as object on object.object_id = own.object_id"]
    joins = [*(joins if has_object else []), *_labels(rule, known), *_beside(rule)]
    return (
        f"select {selected} from {_looked_at(rule, table, known)} as own {' '.join(joins)} where {_chosen(rule, known)}"
    )


def _read(name: str) -> str:
    table = table_of(name)
    if table.layer == "ops" or name in WRITTEN_BY_JOBS:
        return f"{{{{ source('{table.layer}', '{table.table}') }}}}"
    return standing_rows(table)


def _chosen(rule: ClueRule, known: dict[str, Column]) -> str:
    """Which rows: what the rule says, those of a grade, and nothing that is too old or has not come."""
    chosen = [f"({_own(rule.when, known)})", f"{_grade(rule)} is not null"]
    if rule.spell:
        began = _day(rule.spell.from_, known)
        until = f"coalesce({_day(rule.spell.to, known)}, {began})" if rule.spell.to else began
        chosen += [f"{until} >= date_sub({AS_OF}, {rule.within_days})", f"{began} <= {AS_OF}"]
    return " and ".join(chosen)


def _own(expression: str, known: dict[str, Column]) -> str:
    """An expression over the rule's table, whose columns other tables of the query have too."""
    texts = re.split(r"('[^']*')", DAY.sub(AS_OF, expression).replace(AS_OF, "\x00"))
    named = [
        text if text.startswith("'") else WORD.sub(lambda one: f"own.{one[0]}" if one[0] in known else one[0], text)
        for text in texts
    ]
    return "".join(named).replace("\x00", AS_OF)


def _beside(rule: ClueRule) -> Iterator[str]:
    if rule.has:
        same = " and ".join(f"other.{theirs} = own.{ours}" for theirs, ours in rule.has.by.items())
        where = f" and ({DAY.sub(AS_OF, rule.has.where)})" if rule.has.where else ""
        yield f"left semi join {_read(rule.has.table)} as other on {same}{where}"


def _field(rule: ClueRule, names: Collection[str]) -> str:
    """The model's field, else the rule's, else that of the department whose row it is."""
    given = literal(rule.field) if rule.field else "''"
    if "model" in names:
        of_models = {model.model: model.field for model in risk_models() if model.field}
        cases = " ".join(f"when {literal(name)} then {literal(field)}" for name, field in of_models.items())
        return f"case own.model {cases} else {given} end" if cases else given
    return "own.told_field" if _is_told(rule, names) else given


def _is_told(rule: ClueRule, names: Collection[str]) -> bool:
    """Whether the department of a row says its field."""
    return not rule.field and "model" not in names and "department" in names


def _looked_at(rule: ClueRule, table: TableContract, names: Collection[str]) -> str:
    """The rows of the rule's table."""
    read = _read(rule.of)
    return f"(select *, {field_of(table)} as told_field from {read} as told)" if _is_told(rule, names) else read


def _grade(rule: ClueRule) -> str:
    if not isinstance(rule.grade, GradeBy):
        return literal(rule.grade)
    cases = " ".join(f"when {literal(code)} then {literal(grade)}" for code, grade in rule.grade.is_.items())
    return f"case own.{rule.grade.column} {cases} end"


def _day(name: str, known: dict[str, Column]) -> str:
    """A day, or the day in China of a moment."""
    if known[name].type == "timestamp":
        return f"{{{{ day_in_china('own.{name}') }}}}"
    return f"own.{name}"


def _plain(name: str, known: dict[str, Column]) -> str:
    """A value as text, never null."""
    return f"coalesce(cast(own.{name} as string), '')"


def _evidence(table: TableContract, known: dict[str, Column]) -> str:
    """The row as table and key, as people find it again: base.device_alarm: department=sthj, alarm_no=7."""
    parts = [f"concat('{name}=', {_plain(name, known)})" for name in table.key]
    return f"concat('{table.name}: ', {_joined(', ', parts)})"


def _joined(by: str, parts: list[str]) -> str:
    return f"concat_ws({literal(by)}, {', '.join(parts)})"


def _labels(rule: ClueRule, known: dict[str, Column]) -> Iterator[str]:
    """Codes that the reason names are told by their labels."""
    for name in rule.told:
        if known[name].codes:
            codes = f"{{{{ source('codes', 'code') }}}} as {name}_label"
            yield (
                f"left join {codes} on {name}_label.list = {literal(str(known[name].codes))} "
                f"and {name}_label.code = own.{name}"
            )


def _reason(rule: ClueRule, known: dict[str, Column]) -> str:
    """The reason with every hole filled."""
    pieces = HOLE.split(rule.reason)
    words = [_words(piece, known) if number % 2 else literal(piece) for number, piece in enumerate(pieces)]
    return f"concat({', '.join(word for word in words if word != literal(''))})"


def _words(name: str, known: dict[str, Column]) -> str:
    """A column as people read it."""
    column = known[name]
    text = f"cast(own.{name} as string)"
    if column.codes:
        text = f"coalesce({name}_label.label, own.{name})"
    elif column.type == "timestamp":
        text = f"substr(cast(own.{name} + interval 8 hours as string), 1, 16)"
    elif str(column.type).startswith("decimal"):
        text = f"regexp_replace(cast(own.{name} as string), '[.]?0+$', '')" if _scale(column) else text
    return f"coalesce({text}, '{UNKNOWN}')"


def _scale(column: Column) -> int:
    return int(str(column.type).rpartition(",")[2].rstrip(")") or 0)


def _hits(rules: list[ClueRule]) -> str:
    """How many clues of each rule proved true, beside the floor that the rule is held to."""
    floors = "\n    union all\n".join(
        f"    select {literal(rule.name)} as clue_rule, cast({rule.floor.share} as double) as floor_share, "
        f"cast({rule.floor.of} as bigint) as floor_of"
        for rule in rules
    )
    counted = """count(*) as clues_raised,
        count(is_true) as clues_with_verdict,
        count(case when is_true then 1 end) as clues_proved,
        count(case when checked_later then 1 end) as clues_checked,
        count(case when problem_later then 1 end) as clues_with_problem"""
    return f"""with floor as (
{floors}
),

counted as (
    select clue_rule, coalesce(model, '') as risk_model, department, false as is_whole,
        {counted}
    from {{{{ ref('clue') }}}}
    group by 1, 2, 3
    union all
    select clue_rule, coalesce(model, '') as risk_model, '' as department, true as is_whole,
        {counted}
    from {{{{ ref('clue') }}}}
    group by 1, 2
)

select
    counted.clue_rule, counted.risk_model, counted.department, counted.is_whole,
    counted.clues_raised, counted.clues_with_verdict, counted.clues_proved,
    cast(counted.clues_proved as double) / nullif(counted.clues_with_verdict, 0) as hit_share,
    counted.clues_checked, counted.clues_with_problem,
    floor.floor_share, floor.floor_of,
    case
        when floor.clue_rule is null or counted.clues_with_verdict < floor.floor_of then 'too_few'
        when counted.clues_proved < floor.floor_share * counted.clues_with_verdict then 'retire'
        else 'keep'
    end as clue_verdict
from counted
left join floor on floor.clue_rule = counted.clue_rule
"""
