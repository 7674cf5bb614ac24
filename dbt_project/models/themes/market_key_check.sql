{#- Food firms of classes C and D, and whether they were inspected within the days that the limit of today allows. A food firm is
    one that makes food by its industry, or holds a licence for food. -#}

with graded as (
    select object_id, max_by(credit_grade, rated_date) as risk_class, max(rated_date) as rated_date
    from {{ standing('credit_grade') }}
    where grade_scale = 'samr_abcd'
    group by object_id
),

licensed as (
    select distinct object_id from {{ standing('licence') }} where licence_kind in ('SC01', 'SC02')
),

inspected as (
    select object_id, max(check_date) as last_check_date
    from {{ standing('check_action') }}
    where department = 'scjg'
    group by object_id
)

select
    firm.object_id,
    'scjg' as department,
    firm.object_name,
    firm.region_code,
    firm.city_code,
    graded.risk_class,
    graded.rated_date,
    inspected.last_check_date,
    coalesce(datediff({{ as_of() }}, inspected.last_check_date) <= spacing.bound_value, false) as is_checked,
    spacing.legal_basis
from {{ standing('supervised_object') }} as firm
join graded on graded.object_id = firm.object_id and graded.risk_class in ('C', 'D')
left join licensed on licensed.object_id = firm.object_id
left join inspected on inspected.object_id = firm.object_id
left join {{ limit_on('theme_limit', 'SC8-JC') }} as spacing
    on spacing.first_day <= {{ as_of() }} and {{ as_of() }} <= spacing.last_day
where licensed.object_id is not null or substr(firm.industry_code, 1, 2) in ('13', '14', '15')
