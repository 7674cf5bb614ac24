{#- The firms that the law calls dangerous (安全生产法 art. 24, 51), as the department lists and licenses them, with their people,
    insurance, hazard sources and open dangers. -#}

with told as (
    select object_id, holder_name, region_code, city_code, staff, safety_staff, is_liability_insured, standard_grade
    from {{ standing('safety_firm') }}
    union all
    select object_id, holder_name, region_code, city_code, null, safety_staff, is_liability_insured, null
    from {{ valid_on('safety_mine', as_of()) }} where withdrawn_at is null and object_id is not null
    union all
    select object_id, holder_name, region_code, city_code, null, null, null, null
    from {{ valid_on('safety_licence', as_of()) }} where withdrawn_at is null and object_id is not null
),

firm as (
    select
        object_id,
        max(holder_name) as holder_name,
        max(region_code) as region_code,
        max(city_code) as city_code,
        max(staff) as staff,
        max(safety_staff) as safety_staff,
        min(is_liability_insured) as is_liability_insured,
        max(standard_grade) as standard_grade
    from told
    group by object_id
),

source as (
    select
        object_id,
        count(*) as source_count,
        sum(case when source_level in ('1', '2') then 1 else 0 end) as grave_sources,
        cast(sum(r_value) as decimal(18,4)) as r_sum,
        max(people_around) as people_around
    from {{ ref('safety_hazard_source') }}
    group by object_id
),

hazard as (
    select
        object_id,
        sum(case when mended_date is null then 1 else 0 end) as open_hazards,
        sum(case when is_overdue then 1 else 0 end) as overdue_hazards
    from {{ ref('safety_hazard_check') }}
    group by object_id
),

operator as (
    select object_id, count(distinct person_key) as operators
    from {{ valid_on('person_licence', as_of()) }}
    where withdrawn_at is null and department = 'yjgl' and person_licence_kind = 'RY04'
    group by object_id
)

select
    firm.object_id,
    'yjgl' as department,
    firm.holder_name,
    firm.region_code,
    firm.city_code,
    firm.staff,
    firm.safety_staff,
    firm.safety_staff >= 1 as has_safety_staff,
    firm.is_liability_insured,
    firm.standard_grade,
    coalesce(operator.operators, 0) as operators,
    coalesce(source.source_count, 0) as source_count,
    coalesce(source.grave_sources, 0) as grave_sources,
    coalesce(source.r_sum, cast(0 as decimal(18,4))) as r_sum,
    source.people_around,
    coalesce(hazard.open_hazards, 0) as open_hazards,
    coalesce(hazard.overdue_hazards, 0) as overdue_hazards
from firm
left join source on source.object_id = firm.object_id
left join hazard on hazard.object_id = firm.object_id
left join operator on operator.object_id = firm.object_id
