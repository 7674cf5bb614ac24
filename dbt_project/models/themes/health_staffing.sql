{#- Who is registered with each medical institution, physicians (RY02) and nurses (RY03). A nurse asks for renewal so many days before
    the end: within them the certificate runs out. Multi-place practice is filed as names, and counts at the main place only. -#}

with institution as (
    select
        object_id,
        max(department) as department,
        max(holder_name) as holder_name,
        max(region_code) as region_code,
        max(city_code) as city_code,
        sum(beds) as beds
    from {{ valid_on('health_institution', as_of()) }}
    where withdrawn_at is null and object_id is not null
    group by object_id
),

staff as (
    select
        licence.object_id,
        licence.person_licence_kind,
        licence.certificate_key,
        max(case when coalesce(licence.valid_from <= {{ as_of() }}, true) and coalesce(licence.valid_until >= {{ as_of() }}, true)
            and coalesce(licence.licence_status in ('10', '09'), true) then 1 else 0 end) as is_valid,
        max(case when licence.valid_until between {{ as_of() }} and date_add({{ as_of() }}, cast(renewal.bound_value as int))
            then 1 else 0 end) as is_expiring
    from {{ standing('person_licence') }} as licence
    left join {{ limit_on('theme_limit', 'WJ4-XZ') }} as renewal
        on renewal.first_day <= {{ as_of() }} and {{ as_of() }} <= renewal.last_day
    where licence.person_licence_kind in ('RY02', 'RY03') and licence.object_id is not null
    group by licence.object_id, licence.person_licence_kind, licence.certificate_key
),

counted as (
    select
        object_id,
        {%- for kind in ('RY02', 'RY03') %}
        sum(case when person_licence_kind = '{{ kind }}' then 1 else 0 end) as registered_{{ kind }},
        sum(case when person_licence_kind = '{{ kind }}' then is_valid else 0 end) as valid_{{ kind }},
        sum(case when person_licence_kind = '{{ kind }}' then is_valid * is_expiring else 0 end) as expiring_{{ kind }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from staff
    group by object_id
)
{% for kind in ('RY02', 'RY03') %}
select
    institution.object_id,
    '{{ kind }}' as person_licence_kind,
    institution.department,
    'health' as field,
    institution.holder_name,
    institution.region_code,
    institution.city_code,
    institution.beds,
    coalesce(counted.registered_{{ kind }}, 0) as registered,
    coalesce(counted.valid_{{ kind }}, 0) as valid_today,
    coalesce(counted.expiring_{{ kind }}, 0) as expiring,
    coalesce(counted.valid_{{ kind }}, 0) = 0 as is_unstaffed
from institution
left join counted on counted.object_id = institution.object_id
{% if not loop.last %}union all{% endif %}
{%- endfor %}
