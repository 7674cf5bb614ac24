{#- What was measured of on-site checks, held against the limits of codes/visit_doubt.csv; what is not known is no doubt. -#}
{% set measured = [
    'sign_in_distance_m', 'devices_apart_m', 'dwell_seconds', 'seconds_per_item', 'evidence_outside', 'clock_skew_s', 'evidence_reused',
    'speed_kmh', 'apart_meanwhile_m', 'items_unanswered', 'records_unsigned', 'upload_hours', 'document_gaps', 'chain_breaks', 'kept_days',
] %}

with compared as (
    select
        visit.*,
        doubt.code as visit_doubt,
        doubt.unit as doubt_unit,
        cast(nullif(doubt.at_least, '') as decimal(18,2)) as at_least,
        cast(nullif(doubt.at_most, '') as decimal(18,2)) as at_most,
        cast(case doubt.measured {% for name in measured %}when '{{ name }}' then visit.{{ name }} {% endfor %}end as decimal(18,2))
            as doubt_value
    from {{ ref('visit_check') }} as visit
    cross join {{ source('codes', 'visit_doubt') }} as doubt
),

visit_doubt as (
    select
        department,
        visit_no,
        visit_doubt,
        check_action_code,
        item_code,
        object_id,
        supervised_object,
        region_code,
        city_code,
        visit_date,
        month,
        doubt_value,
        coalesce(at_least, at_most) as doubt_limit,
        doubt_unit,
        row_number() over (partition by department, visit_no order by visit_doubt) = 1 as is_first
    from compared
    where doubt_value < at_least or doubt_value > at_most
)

select * from visit_doubt
