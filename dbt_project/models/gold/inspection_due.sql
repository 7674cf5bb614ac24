{#- Whom the rules of codes/inspection_rule.csv ask to inspect, holders of a valid licence or firms of an industry, and whether the
    rule's department did within the months that end today. -#}

with rule as (
    select
        code as inspection_rule, department, licence_kinds, industries,
        date_add(add_months({{ as_of() }}, -cast(months as int)), 1) as due_from
    from {{ source('codes', 'inspection_rule') }}
),

subject as (
    select rule.inspection_rule, holding.object_id
    from rule
    join {{ ref('licence_holding') }} as holding
        on array_contains(split(rule.licence_kinds, '[|]'), holding.licence_kind)
    where holding.is_licensed and holding.object_id is not null
    union
    select rule.inspection_rule, object.object_id
    from (
        select inspection_rule, begins
        from rule
        lateral view explode(split(industries, '[|]')) exploded as begins
        where industries <> ''
    ) as rule
    join {{ standing('supervised_object') }} as object on object.industry_code like concat(rule.begins, '%')
    where object.is_registered
),

inspected as (
    select department, object_id, check_action_code, check_date
    from (
        select
            department, object_id, check_action_code, check_date,
            row_number() over (partition by department, object_id order by check_date desc, check_action_code) as place
        from {{ standing('check_action') }}
        where object_id is not null and check_date <= {{ as_of() }}
    ) as newest
    where place = 1
)

select
    rule.inspection_rule,
    subject.object_id,
    object.object_name,
    rule.department,
    object.region_code,
    object.city_code,
    rule.due_from,
    {{ as_of() }} as due_to,
    inspected.check_date as last_check_date,
    inspected.check_action_code,
    coalesce(object.established_date <= rule.due_from, true) as is_owed,
    coalesce(inspected.check_date >= rule.due_from, false) as is_inspected
from subject
join rule on rule.inspection_rule = subject.inspection_rule
join {{ standing('supervised_object') }} as object on object.object_id = subject.object_id
left join inspected on inspected.department = rule.department and inspected.object_id = subject.object_id
