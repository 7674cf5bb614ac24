{#- Where more happens than expected: problems, complaints and alarms of an industry in a prefecture by month, over the last
    12 months. Expected is the mean of the 12 months before, as far as they were counted, times the province's change of the
    same sign and month without this cell; of problems it is the rate per check times the month's checks. Emerging: the
    ratio's 95 % interval lies above 1, with at least 5 cases (ours). Ratio and interval as in gold.strictness. -#}
{% set prior, z, fewest = 5, 1.96, 5 %}

with happened as (
    select 'problems' as risk_sign, object_id, city_code, check_date as day, case when is_problem then 1 else 0 end as cases, 1 as chances
    from {{ standing('check_action') }}
    where is_problem is not null
    union all
    select 'complaints' as risk_sign, object_id, city_code, received_date as day, 1 as cases, 0 as chances
    from {{ standing('complaint') }}
    union all
    select 'alarms' as risk_sign, alarm.object_id, alarm.city_code, cast({{ day_in_china('alarm.started_at') }} as date) as day, 1 as cases, 0 as chances
    from {{ standing('device_alarm') }} as alarm
),

counted as (
    select
        happened.risk_sign,
        profile.industry_section,
        happened.city_code,
        cast(trunc(happened.day, 'MM') as date) as month,
        sum(happened.cases) as cases,
        sum(happened.chances) as chances
    from happened
    join {{ ref('object_profile') }} as profile on profile.object_id = happened.object_id
    where happened.day <= {{ as_of() }} and happened.day > add_months(trunc({{ as_of() }}, 'MM'), -24)
        and happened.city_code is not null and profile.industry_section is not null
    group by happened.risk_sign, profile.industry_section, happened.city_code, cast(trunc(happened.day, 'MM') as date)
),

-- The province's months tell which months were counted at all, and how each differs from the others.
province as (
    select risk_sign, month, sum(cases) as cases, sum(chances) as chances
    from counted
    group by risk_sign, month
),

cell as (
    select distinct risk_sign, industry_section, city_code from counted
),

paired as (
    select
        cell.risk_sign, cell.industry_section, cell.city_code, province.month,
        coalesce(counted.cases, 0) as cases,
        coalesce(counted.chances, 0) as chances,
        province.cases - coalesce(counted.cases, 0) as cases_elsewhere,
        province.chances - coalesce(counted.chances, 0) as chances_elsewhere
    from cell
    join province on province.risk_sign = cell.risk_sign
    left join counted
        on counted.risk_sign = cell.risk_sign and counted.industry_section = cell.industry_section
        and counted.city_code = cell.city_code and counted.month = province.month
),

-- The twelve months before each month, of those that the province has.
earlier as (
    select
        now.risk_sign, now.industry_section, now.city_code, now.month,
        max(now.cases) as found,
        max(now.chances) as chances,
        max(now.cases_elsewhere) as elsewhere,
        max(now.chances_elsewhere) as chances_elsewhere,
        count(*) as months,
        sum(past.cases) as past_cases,
        sum(past.chances) as past_chances,
        sum(past.cases_elsewhere) as past_elsewhere,
        sum(past.chances_elsewhere) as past_chances_elsewhere
    from paired as now
    join paired as past
        on past.risk_sign = now.risk_sign and past.industry_section = now.industry_section
        and past.city_code = now.city_code and past.month < now.month and past.month >= add_months(now.month, -12)
    where now.month > add_months(trunc({{ as_of() }}, 'MM'), -12)
    group by now.risk_sign, now.industry_section, now.city_code, now.month
),

-- A cell's own past is drawn towards what the rest of the province let expect of it, as if {{ prior }} cases more were known.
expecting as (
    select
        risk_sign, industry_section, city_code, month, found, months,
        case
            when past_chances_elsewhere > 0 and past_chances > 0 then
                chances * (past_cases + {{ prior }} * past_elsewhere / past_chances_elsewhere)
                / (past_chances + {{ prior }})
            when past_chances_elsewhere = 0 and past_elsewhere > 0 then
                past_cases * elsewhere / past_elsewhere
        end as expected
    from earlier
),

bounded as (
    select
        *,
        (found + {{ prior }}) / (expected + {{ prior }}) as ratio,
        1 - 1 / (9 * (found + {{ prior }})) as middle,
        {{ z }} / (3 * sqrt(found + {{ prior }})) as spread
    from expecting
    where expected is not null
)

select
    risk_sign,
    industry_section,
    city_code,
    month,
    cast(found as bigint) as found,
    cast(round(expected, 2) as decimal(12,2)) as expected,
    cast(round(ratio, 3) as decimal(8,3)) as ratio,
    cast(round(ratio * power(middle - spread, 3), 3) as decimal(8,3)) as ratio_low,
    cast(round(ratio * power(middle + spread, 3), 3) as decimal(8,3)) as ratio_high,
    cast(months as bigint) as months_before,
    found >= {{ fewest }} and ratio * power(middle - spread, 3) > 1 as is_emerging
from bounded
