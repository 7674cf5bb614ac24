{#- Guides by whom they belong to, with how many certificates are valid today and how many are due for renewal. A certificate is
    never valid for longer than the limit of the day it was issued (WL7-YX), whatever is written on it. -#}

with guide as (
    select
        guide.*,
        least(guide.valid_to, date_sub(add_months(guide.issued_date, 12 * cast(term.bound_value as int)), 1)) as ends_date,
        renewal.bound_value as renewal_months,
        term.legal_basis
    from {{ standing('person_licence') }} as guide
    left join {{ limit_on('theme_limit', 'WL7-YX') }} as term
        on term.first_day <= guide.issued_date and guide.issued_date <= term.last_day
    left join {{ limit_on('theme_limit', 'WL7-HZ') }} as renewal
        on renewal.first_day <= {{ as_of() }} and {{ as_of() }} <= renewal.last_day
    where guide.person_licence_kind = 'RY05' and coalesce(guide.licence_status, '10') in ('10', '02')
)

select
    coalesce(object_id, employer_name, '') as employer,
    coalesce(region_code, '') as region_code,
    max(department) as department,
    max(object_id) as object_id,
    max(employer_name) as employer_name,
    max(city_code) as city_code,
    count(*) as guides_known,
    count_if(ends_date >= {{ as_of() }}) as guides_in_term,
    count_if(ends_date between {{ as_of() }} and add_months({{ as_of() }}, cast(renewal_months as int))) as guides_to_renew,
    max(legal_basis) as legal_basis
from guide
group by coalesce(object_id, employer_name, ''), coalesce(region_code, '')
