{#- Forms that were due: of every organisation that works, for every period of which anybody of its kind has sent the form. How
    many days after the period is a limit of theme_limit; a form without its day of filing was filed, and not in time. -#}

with filed as (
    select object_id, substr(finance_item, 1, 2) as form_kind, month, min(filed_date) as filed_date
    from {{ standing('finance_figure') }}
    where month >= add_months({{ as_of() }}, -24)
    group by object_id, substr(finance_item, 1, 2), month
),

institution as (
    select
        *,
        case finance_institution_kind when 'JR01' then 'XD' when 'JR02' then 'DB' when 'JR04' then 'DD' end as form_kind,
        case finance_institution_kind when 'JR02' then 'JR10-JB' else 'JR10-YB' end as limit_code
    from {{ standing('finance_institution') }}
    where finance_institution_kind in ('JR01', 'JR02', 'JR04')
),

expected as (
    select
        institution.object_id, institution.form_kind, period.month, institution.department, institution.holder_name,
        institution.region_code, institution.city_code,
        date_add(last_day(period.month), cast(held.bound_value as int)) as due_date
    from institution
    join (select distinct form_kind, month from filed) as period on period.form_kind = institution.form_kind
    join {{ limit_on('theme_limit', 'JR%') }} as held
        on held.limit_code = institution.limit_code
        and held.first_day <= last_day(period.month) and last_day(period.month) <= held.last_day
    where coalesce(institution.issued_date <= period.month, true)
        and (institution.institution_state <> '6' or institution.exit_date > last_day(period.month))
)

select
    expected.object_id,
    expected.form_kind,
    expected.month,
    expected.department,
    'finance' as field,
    expected.holder_name,
    expected.region_code,
    expected.city_code,
    expected.due_date,
    filed.filed_date,
    filed.object_id is not null as is_filed,
    coalesce(filed.filed_date <= expected.due_date, false) as is_in_time
from expected
left join filed
    on filed.object_id = expected.object_id and filed.form_kind = expected.form_kind and filed.month = expected.month
where expected.due_date < {{ as_of() }}
