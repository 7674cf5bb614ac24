{#- Medical institutions and when they must be verified: each year, or every three years of those with many beds. Whose beds nobody
    states has few (a village clinic has none). -#}

with due as (
    select
        institution.*,
        coalesce(institution.beds >= many.bound_value, false) as has_many,
        case when coalesce(institution.beds >= many.bound_value, false) then longer.bound_value else yearly.bound_value end as due_months,
        case when coalesce(institution.beds >= many.bound_value, false) then longer.legal_basis else yearly.legal_basis end as legal_basis
    from {{ valid_on('health_institution', as_of()) }} as institution
    left join {{ limit_on('theme_limit', 'WJ1-CW') }} as many on many.first_day <= {{ as_of() }} and {{ as_of() }} <= many.last_day
    left join {{ limit_on('theme_limit', 'WJ1-S') }} as yearly on yearly.first_day <= {{ as_of() }} and {{ as_of() }} <= yearly.last_day
    left join {{ limit_on('theme_limit', 'WJ1-D') }} as longer on longer.first_day <= {{ as_of() }} and {{ as_of() }} <= longer.last_day
    where institution.withdrawn_at is null
)

select
    licence_no,
    department,
    object_id,
    holder_name,
    institution_kind,
    region_code,
    city_code,
    beds,
    last_verified_date,
    cast(due_months as bigint) as due_months,
    add_months(coalesce(last_verified_date, valid_from), cast(due_months as int)) as due_date,
    legal_basis,
    coalesce(add_months(coalesce(last_verified_date, valid_from), cast(due_months as int)) >= {{ as_of() }}, false) as is_verified
from due
