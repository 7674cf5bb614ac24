{#- Licences of the drug administration that end within the days by which their holder has to apply for a new one: whether there is
    one of the kind that ends later. -#}

with licence as (
    select *, coalesce(object_id, holder_name) as holder
    from {{ standing('licence') }}
    where department = 'yjj' and valid_to is not null and coalesce(licence_status in ('10', '09'), true)
),

holding as (
    select
        licence.holder,
        licence.licence_kind,
        min(case when licence.valid_to >= {{ as_of() }} then licence.valid_to end) as valid_to,
        min_by(licence.licence_no, case when licence.valid_to >= {{ as_of() }} then licence.valid_to end) as licence_no,
        max(licence.valid_to) as last_day,
        max(licence.department) as department,
        max(licence.object_id) as object_id,
        max(licence.holder_name) as holder_name,
        max(licence.region_code) as region_code,
        max(licence.city_code) as city_code
    from licence
    where licence.holder is not null
    group by licence.holder, licence.licence_kind
)

select
    holding.holder,
    holding.licence_kind,
    holding.department,
    'drug' as field,
    holding.object_id,
    holding.holder_name,
    holding.licence_no,
    holding.valid_to,
    cast(datediff(holding.valid_to, {{ as_of() }}) as bigint) as days_left,
    holding.last_day > holding.valid_to as is_renewed,
    holding.region_code,
    holding.city_code,
    asking.legal_basis
from holding
join {{ limit_on('theme_limit', 'YP1-HZ') }} as asking
    on asking.first_day <= {{ as_of() }} and {{ as_of() }} <= asking.last_day
    and datediff(holding.valid_to, {{ as_of() }}) <= asking.bound_value
