{#- Major hazard sources as of the day of the build: what their chemicals come to, whether their level is that of their R, whether
    their last assessment still holds, and whether their firm has reported any hidden danger in 90 days (ours). -#}

with chemical as (
    select
        source_code,
        count(*) as chemical_count,
        cast(sum(stored_t / critical_t) as decimal(18,4)) as critical_ratio,
        cast(sum(correction_factor * stored_t / critical_t) as decimal(18,4)) as weighted_ratio
    from {{ standing('safety_chemical') }}
    group by source_code
),

told as (
    select object_id, count(*) as hazards_90d
    from {{ ref('safety_hazard_check') }}
    where found_date > date_sub({{ as_of() }}, 90) and found_date <= {{ as_of() }}
    group by object_id
),

bound as (
    select
        {% for code in ('R1', 'R2', 'R3', 'PG') -%}
        max(case when limit_code = 'AQ5-{{ code }}' then bound_value end) as {{ code | lower }},
        {% endfor -%}
        max(case when limit_code = 'AQ5-PG' then legal_basis end) as legal_basis
    from {{ valid_on('theme_limit', as_of()) }}
    where withdrawn_at is null and limit_code like 'AQ5-%'
),

source as (
    select
        source.*,
        case when source.r_value >= bound.r1 then '1' when source.r_value >= bound.r2 then '2'
            when source.r_value >= bound.r3 then '3' when bound.r3 is not null then '4' end as level_by_r,
        coalesce(source.evaluated_date > add_months({{ as_of() }}, -12 * cast(bound.pg as int)), false) as is_assessed,
        bound.legal_basis
    from {{ standing('safety_source') }} as source
    cross join bound
    where coalesce(source.filing_state, '') <> '3'
)

select
    source.source_code,
    source.department,
    {{ as_of() }} as state_date,
    'safety' as field,
    source.source_name,
    source.object_id,
    source.holder_name,
    source.region_code,
    source.city_code,
    source.longitude,
    source.latitude,
    source.source_level,
    source.level_by_r,
    source.source_level = source.level_by_r as is_level_by_r,
    source.r_value,
    chemical.chemical_count,
    chemical.critical_ratio,
    chemical.weighted_ratio,
    source.people_around,
    cast(source.r_value * source.people_around as bigint) as exposure,
    source.filing_state,
    source.evaluated_date,
    source.is_assessed,
    source.legal_basis,
    coalesce(told.hazards_90d, 0) as hazards_90d,
    source.source_level in ('1', '2') and told.hazards_90d is null as is_silent
from source
left join chemical on chemical.source_code = source.source_code
left join told on told.object_id = source.object_id
