"""Views of the base tables flow in; the SQL of themes and gold flows out."""

from __future__ import annotations

from datetime import date

from bench.frozen import frozen_tables
from bench.peers.risk import GRADE_NAMES, GRADES, INDICATORS, MODEL, VERSION, DaysSince, Events, Flagged, Indicator
from schemas.contract import code_list

HUBEI = "420000"
DAYS_TO_DECIDE = 7

PROFILE = """
    with inspected as (
        select object_id, count(*) as checks, count_if(is_problem) as checks_with_problem,
            min(check_date) as first_check_date, max(check_date) as last_check_date
        from check_action group by object_id
    ), punished as (
        select object_id, count(*) as punishments, cast(sum(coalesce(fine_cny, 0)) as decimal(18,2)) as fine_cny,
            max(punish_date) as last_punish_date
        from punish_action group by object_id
    ), complained as (
        select object_id, count(*) as complaints,
            min(received_date) as first_complaint_date, max(received_date) as last_complaint_date
        from complaint group by object_id
    )
    select firm.object_id, object_name, enterprise_type, registration_state, established_date,
        capital_amount, capital_currency, industry_code,
        industry.section as industry_section, industry.section_label as industry_section_name,
        region_code, place.label as region_name, firm.city_code, city.label as city_name,
        coalesce(_object_name_claim like '2%', false) as is_registered,
        coalesce(checks, 0) as checks, coalesce(checks_with_problem, 0) as checks_with_problem,
        first_check_date, last_check_date,
        coalesce(punishments, 0) as punishments, coalesce(fine_cny, 0) as fine_cny, last_punish_date,
        coalesce(complaints, 0) as complaints, first_complaint_date, last_complaint_date, firm.flags
    from supervised_object as firm
    left join industry on industry.code = firm.industry_code
    left join region_label as place on place.code = firm.region_code
    left join region_label as city on city.code = firm.city_code
    left join inspected on inspected.object_id = firm.object_id
    left join punished on punished.object_id = firm.object_id
    left join complained on complained.object_id = firm.object_id"""

ACTIVITY = f"""
    select coalesce(city_code, '{HUBEI}') as city_code, department, item_code, cast(trunc(day, 'MM') as date) as month,
        sum(checks) as checks, sum(checks_with_problem) as checks_with_problem, sum(punishments) as punishments,
        cast(sum(fine_cny) as decimal(18,2)) as fine_cny, sum(complaints) as complaints
    from (
        select city_code, department, item_code, check_date as day, 1 as checks, int(is_problem) as checks_with_problem,
            0 as punishments, cast(0 as decimal(18,2)) as fine_cny, 0 as complaints from check_action
        union all
        select city_code, department, item_code, punish_date, 0, 0, 1, coalesce(fine_cny, 0), 0 from punish_action
        union all
        select city_code, department, '', received_date, 0, 0, 0, 0, 1 from complaint
    ) group by 1, 2, 3, 4"""

REGION_DEPARTMENT = f"""
    with acted as (
        select city_code, department, month, sum(checks) as checks, sum(checks_with_problem) as checks_with_problem,
            sum(punishments) as punishments, cast(sum(fine_cny) as decimal(18,2)) as fine_cny,
            sum(complaints) as complaints
        from market_activity_month group by 1, 2, 3
    ), reached as (
        select coalesce(city_code, '{HUBEI}') as city_code, department, cast(trunc(check_date, 'MM') as date) as month,
            count(distinct object_id) as objects_checked
        from check_action group by 1, 2, 3
    ), answered as (
        select city_code, department, month, count_if(accept_state <> 'pending') as complaints_due,
            count_if(accept_state = 'on_time') as complaints_on_time
        from complaint_clock group by 1, 2, 3
    ), finished as (
        select coalesce(city_code, '{HUBEI}') as city_code, department,
            cast(trunc(received_date, 'MM') as date) as month, count(closed_date) as complaints_closed
        from complaint group by 1, 2, 3
    )
    select city_code, if(city_code = '{HUBEI}', '省本级', city.label) as city_name,
        department, department.label as department_name, month, checks, checks_with_problem,
        coalesce(objects_checked, 0) as objects_checked, punishments, fine_cny, complaints,
        coalesce(complaints_due, 0) as complaints_due, coalesce(complaints_on_time, 0) as complaints_on_time,
        coalesce(complaints_closed, 0) as complaints_closed
    from acted
    join region_label as city on city.code = city_code
    join department using (department)
    left join reached using (city_code, department, month)
    left join answered using (city_code, department, month)
    left join finished using (city_code, department, month)"""

RISK_REASON = """
    select object_id, city_code, grade, reason.indicator, reason.label as indicator_label, reason.value, reason.weight,
        reason.points, reason.reason
    from risk_score lateral view explode(reasons) as reason"""


def clock_sql(as_of: date) -> str:
    """Consumer complaints with their seven working days (投诉举报处理暂行办法 art. 14)."""
    today = _day(as_of)
    return f"""
        select complaint_no, coalesce(city_code, '{HUBEI}') as city_code, coalesce(city.label, '省本级') as city_name,
            department, department.label as department_name, cast(trunc(received_date, 'MM') as date) as month,
            object_id, received_date, accept_deadline, decided_date, accept_working_days, accept_state,
            case accept_state when 'on_time' then '按期受理' when 'late' then '逾期受理'
                when 'overdue' then '逾期未受理' else '办理中' end as accept_state_name,
            closed_date
        from (
            select complaint.*, deadline.date as accept_deadline,
                stopped.working_day_no - started.working_day_no as accept_working_days,
                case when decided_date <= deadline.date then 'on_time' when decided_date is not null then 'late'
                    when {today} > deadline.date then 'overdue' else 'pending' end as accept_state
            from complaint
            left join working_day as started on started.date = received_date
            left join (select date, working_day_no from working_day where is_working_day) as deadline
                on deadline.working_day_no = started.working_day_no + {DAYS_TO_DECIDE}
            left join working_day as stopped
                on stopped.date = greatest(coalesce(decided_date, {today}), received_date)
            where complaint_kind = '1'
        )
        left join region_label as city on city.code = city_code
        join department using (department)"""


def risk_sql(as_of: date) -> str:
    """Every organisation's score and reasons by the risk model of the day; points are whole hundredths throughout."""
    counted = {i.measure.table: i.measure.date for i in INDICATORS if isinstance(i.measure, Events)}
    seen = ", ".join(f"seen_{table} as ({_seen(table, as_of)})" for table in counted)
    joins = " ".join(f"left join seen_{table} using (object_id)" for table in counted)
    measured = ", ".join(_measured(indicator, as_of) for indicator in INDICATORS)
    points = ", ".join(f"cast({_points(i)} as bigint) as {i.name}_points" for i in INDICATORS)
    total = " + ".join(f"{indicator.name}_points" for indicator in INDICATORS)
    reasons = ", ".join(_reason(indicator, place) for place, indicator in enumerate(INDICATORS))
    falling = sorted(GRADES.items(), key=lambda grade: -grade[1])
    grades = " ".join(f"when {total} >= {least} then '{name}'" for name, least in falling)
    names = " ".join(f"when '{grade}' then '{name}'" for grade, name in GRADE_NAMES.items())
    columns = ", ".join(
        f"cast({name} as {kind}) as {name}" for name, kind in frozen_tables()["gold.risk_score"].columns.items()
    )
    return f"""
        with {seen},
        measured as (select *, {measured} from market_firm_profile {joins}),
        weighed as (select *, {points} from measured),
        scored as (
            select *, {_decimal(f"({total})")} as score, case {grades} else 'blue' end as grade,
                array_sort(filter(array({reasons}), found -> found.falling < 0)) as found
            from weighed
        )
        select {columns} from (
            select *, case grade {names} end as grade_name, '{MODEL}' as model,
                '{VERSION}' as model_version, {_day(as_of)} as as_of,
                transform(found, f -> struct(f.indicator, f.label, f.value, f.weight, f.points, f.reason)) as reasons,
                array_join(transform(found, f -> f.reason), '；') as reasons_text
            from scored
        )"""


def _seen(table: str, as_of: date) -> str:
    """What indicators count of one base table, plain and faded by age."""
    figures, longest = [], 0
    for indicator in INDICATORS:
        measure = indicator.measure
        if not isinstance(measure, Events) or measure.table != table:
            continue
        window = indicator.window_days
        longest, age = max(longest, window), f"datediff({_day(as_of)}, {measure.date})"
        where = [f"{age} between 0 and {window}"]
        where += [f"{c} in ({', '.join(map(_literal, values))})" for c, values in measure.where.items()]
        unit = f"cast({measure.column} * 100 as bigint)" if measure.column else "100"
        steps = sorted(indicator.decay.items(), reverse=True)
        faded = " ".join(f"when {age} > {days} then ({unit} * {share}) div 100" for days, share in steps)
        level = f"case {faded} else {unit} end" if faded else unit
        counts = " and ".join(where)
        figures += [
            f"sum(case when {counts} then {what} end) as {indicator.name}_{name}"
            for what, name in ((unit, "seen"), (level, "faded"))
        ]
    return f"select object_id, {', '.join(figures)} from {table} where object_id is not null group by object_id"


def _measured(indicator: Indicator, as_of: date) -> str:
    """An indicator's value and level in hundredths, and the words for its value."""
    measure, name, words = indicator.measure, indicator.name, None
    if isinstance(measure, Events):
        value, level = f"coalesce({name}_seen, 0)", f"coalesce({name}_faded, 0)"
    elif isinstance(measure, DaysSince):
        value = level = f"datediff({_day(as_of)}, {measure.column}) * 100L"
    elif isinstance(measure, Flagged):
        says = _literal(f"{measure.column}: %{measure.says}%")
        value = level = f"case when exists(flags, flag -> flag like {says}) then 100 else 0 end"
    else:
        shares = " ".join(f"when {_literal(code)} then {share}" for code, share in measure.shares.items())
        value = level = f"case {measure.column} {shares} else 0 end"
        labels = code_list(measure.codes)
        told = " ".join(f"when {_literal(code.code)} then {_literal(code.label)}" for code in labels)
        words = f"case {measure.column} {told} end"
    words = words or f"cast(({value}) div 100 as string)"
    return f"{value} as {name}_value, {level} as {name}_level, {words} as {name}_words"


def _points(indicator: Indicator) -> str:
    level, weight = f"{indicator.name}_level", indicator.weight * 100
    if indicator.full_at:
        share = f"(least({level}, {indicator.full_at * 100}) * {weight}) div {indicator.full_at * 100}"
    elif indicator.bands:
        bands = sorted(indicator.bands.items(), reverse=True)
        steps = " ".join(f"when {level} >= {at * 100} then {_part(weight, part)}" for at, part in bands)
        share = f"case {steps} else 0 end"
    else:
        share = f"({level} * {weight}) div 100"
    return f"case when {level} is null then {_part(weight, indicator.missing)} else {share} end"


def _part(weight: int, share: int) -> int:
    return weight * share // 100


def _reason(indicator: Indicator, place: int) -> str:
    """What is before the words decides the order."""
    name = indicator.name
    pieces = indicator.reason.replace("{days}", str(indicator.window_days)).split("{value}")
    said = "concat(" + f", {name}_words, ".join(map(_literal, pieces)) + ")"
    if indicator.reason_missing:
        said = f"case when {name}_level is null then {_literal(indicator.reason_missing)} else {said} end"
    return f"""named_struct('falling', -{name}_points, 'place', {place}, 'indicator', '{name}',
        'label', {_literal(indicator.label)}, 'value', {name}_value / 100d,
        'weight', double({indicator.weight}), 'points', {_decimal(f"{name}_points")}, 'reason', {said})"""


def _decimal(hundredths: str) -> str:
    return f"cast({hundredths} * 0.01BD as decimal(6,2))"


def _day(day: date) -> str:
    return f"date'{day.isoformat()}'"


def _literal(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else f"'{value}'"
