{#- Every rescue from a lift, with the lift that its code names, as long as it took, against the limits of that day. -#}
with rescue as (
    select
        *,
        cast({{ day_in_china('started_at') }} as date) as reported_date,
        (unix_micros(arrived_at) - unix_micros(started_at)) div 60000000 as arrival_minutes,
        (unix_micros(ended_at) - unix_micros(started_at)) div 60000000 as rescue_minutes
    from {{ standing('market_rescue_order') }}
),

lift as (
    select
        rescue_code,
        max(special_device_code) as special_device_code, max(object_id) as object_id, max(user_name) as user_name,
        max(maintainer_name) as maintainer_name, max(region_code) as region_code, max(city_code) as city_code
    from {{ standing('special_device') }}
    where rescue_code is not null
    group by rescue_code
    having count(*) = 1  -- a code that two lifts have names neither
)

select
    rescue.department,
    'market' as field,
    rescue.alarm_no,
    rescue.rescue_code,
    rescue.reported_date,
    lift.special_device_code,
    coalesce(rescue.object_id, lift.object_id) as object_id,
    lift.user_name,
    lift.maintainer_name,
    coalesce(rescue.region_code, lift.region_code) as region_code,
    coalesce(rescue.city_code, lift.city_code) as city_code,
    rescue.people_trapped,
    rescue.entrapment_cause,
    rescue.responder_level,
    rescue.arrival_minutes,
    rescue.rescue_minutes,
    rescue.arrival_minutes <= arriving.bound_value as is_arrived_in_time,
    rescue.rescue_minutes >= trapping.bound_value * 60 as is_long,
    lift.rescue_code is not null as is_known_lift,
    trapping.legal_basis
from rescue
left join lift on lift.rescue_code = rescue.rescue_code
left join {{ limit_on('theme_limit', 'SC3-KR') }} as trapping
    on trapping.first_day <= rescue.reported_date and rescue.reported_date <= trapping.last_day
left join {{ limit_on('theme_limit', 'SC3-DD') }} as arriving
    on arriving.first_day <= rescue.reported_date and rescue.reported_date <= arriving.last_day
