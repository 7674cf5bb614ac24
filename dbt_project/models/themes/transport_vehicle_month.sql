{#- Vehicles by month, from the day figures of the platform, its alarms and what was weighed. A vehicle is in the net from its first
    valid point on, so that a month without any is a row too. -#}
with day as (
    select
        department,
        device_code as vehicle_code,
        reading_date,
        cast(trunc(reading_date, 'MM') as date) as month,
        max(case when indicator_code = 'track_km' then day_avg end) as track_km,
        max(case when indicator_code = 'track_km_complete' then day_avg end) as track_km_complete,
        max(case when indicator_code = 'online_minutes' then day_avg end) as online_minutes,
        max(case when indicator_code = 'points' then day_avg end) as points_sent,
        max(case when indicator_code = 'points_valid' then day_avg end) as points_valid,
        max(case when indicator_code = 'points_drifting' then day_avg end) as points_drifting
    from {{ ref('reading_day') }}
    where reading_period = 'D'
        and indicator_code in ('track_km', 'track_km_complete', 'online_minutes', 'points', 'points_valid', 'points_drifting')
    group by department, device_code, reading_date
),

moved as (
    select
        department, vehicle_code, month,
        sum(case when points_valid > 0 then 1 else 0 end) as online_days,
        -- (ours) a day with more complete track than track contradicts itself: neither counts
        sum(case when track_km_complete <= track_km then track_km end) as track_km,
        sum(case when track_km_complete <= track_km then track_km_complete end) as track_km_complete,
        sum(online_minutes) as online_minutes,
        sum(case when points_valid <= points_sent then points_sent end) as points_sent,
        sum(case when points_valid <= points_sent then points_valid end) as points_valid,
        sum(points_drifting) as points_drifting,
        max(case when points_valid > 0 then reading_date end) as last_online_date
    from day
    group by department, vehicle_code, month
),

netted as (
    select department, vehicle_code, min(reading_date) as first_online_date
    from day
    where points_valid > 0
    group by department, vehicle_code
),

alarmed as (
    select
        department,
        device_code as vehicle_code,
        cast(trunc({{ day_in_china('started_at') }}, 'MM') as date) as month,
        sum(case when alarm_kind = '07' then 1 else 0 end) as fatigue_alarms,
        sum(case when alarm_kind = '06' then 1 else 0 end) as speeding_alarms,
        sum(case when coalesce(alarm_disposal, '0') = '0' then 1 else 0 end) as alarms_unanswered
    from {{ standing('device_alarm') }}
    where vehicle_alarm is not null and alarm_kind in ('06', '07')
    group by department, device_code, cast(trunc({{ day_in_china('started_at') }}, 'MM') as date)
),

overloaded as (
    select vehicle_code, cast(trunc(weighed_date, 'MM') as date) as month, count(*) as overloads
    from {{ ref('transport_overload') }}
    where is_over
    group by vehicle_code, cast(trunc(weighed_date, 'MM') as date)
),

vehicle_month as (
    select netted.department, netted.vehicle_code, netted.first_online_date, months.month
    from netted
    join (select distinct month from day) as months on months.month >= cast(trunc(netted.first_online_date, 'MM') as date)
)

select
    vehicle_month.department,
    vehicle_month.vehicle_code,
    vehicle_month.month,
    vehicle.plate_no,
    vehicle.object_id,
    vehicle.holder_name,
    vehicle.vehicle_use,
    vehicle.region_code,
    vehicle.city_code,
    coalesce(moved.online_days, 0) as online_days,
    cast(coalesce(moved.track_km, 0) as decimal(18,3)) as track_km,
    cast(coalesce(moved.track_km_complete, 0) as decimal(18,3)) as track_km_complete,
    cast(coalesce(moved.online_minutes, 0) as bigint) as online_minutes,
    cast(coalesce(moved.points_sent, 0) as bigint) as points_sent,
    cast(coalesce(moved.points_valid, 0) as bigint) as points_valid,
    cast(coalesce(moved.points_drifting, 0) as bigint) as points_drifting,
    coalesce(alarmed.fatigue_alarms, 0) as fatigue_alarms,
    coalesce(alarmed.speeding_alarms, 0) as speeding_alarms,
    coalesce(alarmed.alarms_unanswered, 0) as alarms_unanswered,
    coalesce(overloaded.overloads, 0) as overloads,
    vehicle_month.first_online_date,
    moved.last_online_date,
    coalesce(moved.online_days, 0) > 0 as is_online,
    coalesce(moved.points_drifting, 0) > 0 as is_drifting,
    coalesce(moved.last_online_date > vehicle.inspected_until, false) as is_overdue
from vehicle_month
left join moved
    on moved.department = vehicle_month.department and moved.vehicle_code = vehicle_month.vehicle_code
    and moved.month = vehicle_month.month
left join alarmed
    on alarmed.department = vehicle_month.department and alarmed.vehicle_code = vehicle_month.vehicle_code
    and alarmed.month = vehicle_month.month
left join overloaded on overloaded.vehicle_code = vehicle_month.vehicle_code and overloaded.month = vehicle_month.month
left join {{ standing('transport_vehicle') }} as vehicle on vehicle.vehicle_code = vehicle_month.vehicle_code
