{#- Alarms by firm and day; the firm is that of the alarm, else of its device. In how many minutes an alarm must be confirmed is
    a limit of theme_limit. Alarms of nobody's device are left to the rule alarm_device_is_known. -#}
with alarm as (
    select
        alarm.department,
        coalesce(alarm.object_id, device.object_id) as object_id,
        coalesce(alarm.alarm_level, '') as alarm_level,
        cast({{ day_in_china('alarm.started_at') }} as date) as day,
        coalesce(alarm.region_code, device.region_code) as region_code,
        coalesce(alarm.city_code, device.city_code) as city_code,
        unix_micros(alarm.confirmed_at) - unix_micros(alarm.started_at) as waited
    from {{ standing('device_alarm') }} as alarm
    left join {{ standing('monitor_device') }} as device
        on device.department = alarm.department and device.device_code = alarm.device_code
    where alarm.department = 'yjgl' and alarm.started_at is not null
),

timed as (
    select alarm.*, coalesce(alarm.waited <= confirming.bound_value * 60000000, false) as is_confirmed
    from alarm
    left join {{ limit_on('theme_limit', 'AQ10-QR') }} as confirming
        on confirming.first_day <= alarm.day and alarm.day <= confirming.last_day
    where alarm.object_id is not null
)

select
    department,
    object_id,
    alarm_level,
    day,
    max(region_code) as region_code,
    max(city_code) as city_code,
    count(*) as alarms,
    sum(case when is_confirmed then 1 else 0 end) as alarms_confirmed,
    sum(case when is_confirmed then 0 else 1 end) as alarms_late
from timed
group by department, object_id, alarm_level, day
