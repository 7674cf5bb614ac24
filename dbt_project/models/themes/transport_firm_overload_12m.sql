{#- Firms by how many of their trucks were penalised for overloading in the year that ends today (公路安全保护条例 art. 66). -#}

with firm as (
    select
        object_id,
        max(department) as department,
        max(holder_name) as holder_name,
        max(region_code) as region_code,
        max(city_code) as city_code,
        count(*) as trucks,
        sum(case when vehicle_overloads > 0 then 1 else 0 end) as trucks_overloaded
    from {{ ref('transport_vehicle_state') }}
    where is_in_service and is_truck and object_id is not null
    group by object_id
),

declared as (
    select object_id, sum(declared_vehicles) as declared_vehicles
    from {{ valid_on('transport_operator', as_of()) }}
    where withdrawn_at is null
    group by object_id
)

select
    firm.object_id,
    firm.department,
    'transport' as field,
    firm.holder_name,
    firm.region_code,
    firm.city_code,
    declared.declared_vehicles,
    firm.trucks,
    firm.trucks_overloaded,
    cast(firm.trucks_overloaded / firm.trucks as decimal(9,4)) as overloaded_share,
    cast(overloaded.bound_value as decimal(9,4)) as limit_share,
    overloaded.legal_basis,
    coalesce(firm.trucks_overloaded > overloaded.bound_value * firm.trucks, false) as is_above_limit
from firm
left join declared on declared.object_id = firm.object_id
left join {{ limit_on('theme_limit', 'JT8-QY') }} as overloaded
    on overloaded.first_day <= {{ as_of() }} and {{ as_of() }} <= overloaded.last_day
