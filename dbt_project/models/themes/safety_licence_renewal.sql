{#- Licences that end, and whether the next term was asked for so many months before, as theme_limit had it on the last day of
    the term. -#}

with ending as (
    select
        licence.licence_kind,
        licence.licence_no,
        licence.department,
        licence.object_id,
        licence.holder_name,
        licence.region_code,
        licence.city_code,
        licence.valid_to,
        add_months(licence.valid_to, -cast(notice.bound_value as int)) as notice_date,
        licence.renewal_filed_date,
        notice.legal_basis
    from {{ standing('safety_licence') }} as licence
    join {{ limit_on('theme_limit', 'AQ7-YQ') }} as notice
        on notice.first_day <= licence.valid_to and licence.valid_to <= notice.last_day
    left join {{ standing('licence') }} as register
        on register.licence_kind = licence.licence_kind and register.licence_no = licence.licence_no
    where coalesce(register.licence_status, '10') not in ('03', '04', '05')
)

select
    *,
    coalesce(renewal_filed_date <= notice_date, false) as is_filed_in_time
from ending
where notice_date <= {{ as_of() }}
