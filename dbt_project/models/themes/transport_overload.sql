{#- Every weighing, its weights compared anew: what stations deliver as a rate is a share here and per cent there. The vehicle is that
    of plate and colour, of the plate alone where the station noted no colour and one vehicle only has it. Limits are those of the
    day: of weight by axles (GB 1589), of load by what the vehicle may carry, of penalties in a year. -#}
with vehicle as (
    select *, count(*) over (partition by plate_no) as of_plate from {{ standing('transport_vehicle') }}
),

weighing as (
    select
        weighing.*,
        cast({{ day_in_china('weighed_at') }} as date) as weighed_date,
        vehicle.vehicle_code,
        vehicle.object_id as owner_id,
        vehicle.holder_name as owner_name,
        case when vehicle.load_kg > 0 and vehicle.curb_kg > 0
            then (weighing.total_t - vehicle.curb_kg / 1000) / (vehicle.load_kg / 1000) end as load_multiple,
        -- one decision is one overload: a number that stands on several records says nothing of any of them
        coalesce(weighing.fine_cny > 0, false) and weighing.punish_file_no is not null
            and count(*) over (partition by weighing.punish_file_no) = 1 as is_penalised
    from {{ standing('transport_weighing') }} as weighing
    left join vehicle
        on vehicle.plate_no = weighing.plate_no
        and (vehicle.plate_colour = weighing.plate_colour or (weighing.plate_colour is null and vehicle.of_plate = 1))
),

driven as (
    select weighing.record_code, count(*) as driver_overloads
    from weighing
    join weighing as other
        on other.person_key = weighing.person_key and other.is_penalised
        and other.weighed_date <= weighing.weighed_date and other.weighed_date > add_months(weighing.weighed_date, -12)
    group by weighing.record_code
),

employed as (
    select weighing.record_code, max(case when licence.object_id = weighing.owner_id then 1 else 0 end) as is_own
    from weighing
    join {{ standing('person_licence') }} as licence on licence.person_key = weighing.person_key
    where licence.object_id is not null and weighing.owner_id is not null
    group by weighing.record_code
),

seen as (
    select distinct device_code as vehicle_code, reading_date
    from {{ ref('reading_day') }}
    where reading_period = 'D' and indicator_code = 'points_valid' and day_avg > 0
),

netted as (
    select vehicle_code, min(reading_date) as first_date, max(reading_date) as last_date from seen group by vehicle_code
)

select
    weighing.record_code,
    weighing.department,
    weighing.weighed_date,
    weighing.weighed_at,
    weighing.site_name,
    weighing.vehicle_code,
    weighing.plate_no,
    coalesce(weighing.owner_id, weighing.object_id) as object_id,
    coalesce(weighing.owner_name, weighing.holder_name) as holder_name,
    weighing.region_code,
    weighing.city_code,
    weighing.axles,
    weighing.total_t,
    weighing.limit_t,
    cast(greatest(weighing.total_t - weighing.limit_t, 0) / weighing.limit_t as decimal(9,4)) as over_share,
    cast(weighing.load_multiple as decimal(9,4)) as load_multiple,
    weighing.punish_file_no,
    weighing.punish_date as penalty_date,
    weighing.fine_cny,
    severe.legal_basis,
    coalesce(driven.driver_overloads, 0) as driver_overloads,
    weighing.total_t > weighing.limit_t as is_over,
    coalesce(weighing.limit_t > standard.bound_value, false) as is_limit_odd,
    weighing.load_multiple is not null as is_rated,
    coalesce(weighing.load_multiple > severe.bound_value, false) as is_severe,
    weighing.is_penalised,
    coalesce(driven.driver_overloads > driver_limit.bound_value, false) as is_driver_over,
    coalesce(
        netted.first_date <= weighing.weighed_date and weighing.weighed_date <= netted.last_date and seen.reading_date is null,
        false
    ) as is_unseen,
    coalesce(employed.is_own = 0, false) as is_driver_of_others
from weighing
left join driven on driven.record_code = weighing.record_code
left join employed on employed.record_code = weighing.record_code
left join netted on netted.vehicle_code = weighing.vehicle_code
left join seen on seen.vehicle_code = weighing.vehicle_code and seen.reading_date = weighing.weighed_date
left join {{ limit_on('theme_limit', 'JT7-Z%') }} as standard
    on standard.limit_code = concat('JT7-Z', cast(weighing.axles as string))
    and standard.first_day <= weighing.weighed_date and weighing.weighed_date <= standard.last_day
left join {{ limit_on('theme_limit', 'JT9-CZ') }} as severe
    on severe.first_day <= weighing.weighed_date and weighing.weighed_date <= severe.last_day
left join {{ limit_on('theme_limit', 'JT8-JS') }} as driver_limit
    on driver_limit.first_day <= weighing.weighed_date and weighing.weighed_date <= driver_limit.last_day
