{#- How strict departments, institutions and officers are (对监管的监管): problems found in a year against what the checked firms
    let expect. Expected of a check is the province's rate over checks of the same mode and industry on firms with as many
    problems in the year before, drawn towards the mode's own rate by 30 checks; so a body that is sent to bad firms
    is not strict. Of few checks little is said: the ratio is drawn towards 1 as if 10 more problems had been expected and
    found, and has the 95 % interval of a Poisson count with that prior (Wilson and Hilferty's gamma quantiles). (ours)

    Nobody's score reads this table. -#}
{% set window, drawn, prior, z = 365, 30, 10, 1.96 %}

with checked as (
    select
        department, check_action_code, implement_institution, check_personnel_code, object_id, check_mode, check_date,
        case when is_problem then 1 else 0 end as found
    from {{ standing('check_action') }}
    where check_date <= {{ as_of() }} and datediff({{ as_of() }}, check_date) < 2 * {{ window }}
        and is_problem is not null and object_id is not null
),

before as (
    select current.department, current.check_action_code, count(earlier.object_id) as problems
    from checked as current
    left join checked as earlier
        on earlier.object_id = current.object_id and earlier.found = 1
        and earlier.check_date < current.check_date
        and datediff(current.check_date, earlier.check_date) <= {{ window }}
    where datediff({{ as_of() }}, current.check_date) < {{ window }}
    group by current.department, current.check_action_code
),

known as (
    select
        checked.*,
        coalesce(checked.check_mode, '') as mode,
        coalesce(profile.industry_section, '') as industry,
        least(before.problems, 2) as problems
    from before
    join checked
        on checked.department = before.department and checked.check_action_code = before.check_action_code
    left join {{ ref('object_profile') }} as profile on profile.object_id = checked.object_id
),

of_mode as (
    select mode, sum(found) / count(*) as rate from known group by mode
),

of_cell as (
    select
        known.mode, known.industry, known.problems,
        (sum(known.found) + {{ drawn }} * max(of_mode.rate)) / (count(*) + {{ drawn }}) as rate
    from known
    join of_mode on of_mode.mode = known.mode
    group by known.mode, known.industry, known.problems
),

expected as (
    select known.*, of_cell.rate
    from known
    join of_cell
        on of_cell.mode = known.mode and of_cell.industry = known.industry and of_cell.problems = known.problems
),

of_whom as (
    select department, 'department' as who_kind, department as who, found, rate from expected
    union all
    select department, 'institution' as who_kind, implement_institution as who, found, rate
    from expected
    where implement_institution is not null
    union all
    select department, 'officer' as who_kind, upper(trim(certificate)) as who, found, rate
    from expected
    lateral view explode(array_distinct(check_personnel_code)) exploded as certificate
),

summed as (
    select
        department, who_kind, who, count(*) as checks, sum(found) as found, sum(rate) as expected
    from of_whom
    group by department, who_kind, who
),

bounded as (
    select
        *,
        (found + {{ prior }}) / (expected + {{ prior }}) as ratio,
        1 - 1 / (9 * (found + {{ prior }})) as middle,
        {{ z }} / (3 * sqrt(found + {{ prior }})) as spread
    from summed
)

select
    department,
    who_kind,
    who,
    cast(checks as bigint) as checks,
    cast(found as bigint) as found,
    cast(round(expected, 2) as decimal(12,2)) as expected,
    cast(round(ratio, 3) as decimal(8,3)) as ratio,
    cast(round(ratio * power(middle - spread, 3), 3) as decimal(8,3)) as ratio_low,
    cast(round(ratio * power(middle + spread, 3), 3) as decimal(8,3)) as ratio_high,
    case
        when ratio * power(middle - spread, 3) > 1 then 'strict'
        when ratio * power(middle + spread, 3) < 1 then 'lenient'
        else 'usual'
    end as strictness,
    {{ as_of() }} as as_of
from bounded
