{#- Vehicles as they are today: who must be in the net and is, who must be insured and is, whose penalties of a year are too many. -#}

with tracked as (
    select vehicle_code, max(last_online_date) as last_online_date
    from {{ ref('transport_vehicle_month') }}
    group by vehicle_code
),

penalised as (
    select vehicle_code, count(*) as vehicle_overloads
    from {{ ref('transport_overload') }}
    where is_penalised and weighed_date <= {{ as_of() }} and weighed_date > add_months({{ as_of() }}, -12)
    group by vehicle_code
)

select
    vehicle.vehicle_code,
    vehicle.department,
    vehicle.plate_no,
    vehicle.object_id,
    vehicle.holder_name,
    vehicle.vehicle_use,
    vehicle.operating_state,
    vehicle.region_code,
    vehicle.city_code,
    tracked.last_online_date,
    vehicle.inspected_until,
    vehicle.insured_until,
    coalesce(penalised.vehicle_overloads, 0) as vehicle_overloads,
    penalties.legal_basis,
    vehicle.operating_state = '10' as is_in_service,
    coalesce(vehicle.watched = '1', false) as is_watched,
    coalesce(vehicle.carries in ('goods', 'hazardous'), false) as is_truck,
    tracked.vehicle_code is not null as is_in_net,
    coalesce(vehicle.insured_until >= {{ as_of() }}, false) as is_insured,
    coalesce(penalised.vehicle_overloads > penalties.bound_value, false) as is_revocable,
    count(*) over (partition by vehicle.vin) > 1 as is_vin_shared
from {{ standing('transport_vehicle') }} as vehicle
left join tracked on tracked.vehicle_code = vehicle.vehicle_code
left join penalised on penalised.vehicle_code = vehicle.vehicle_code
left join {{ limit_on('theme_limit', 'JT8-CL') }} as penalties
    on penalties.first_day <= {{ as_of() }} and {{ as_of() }} <= penalties.last_day
