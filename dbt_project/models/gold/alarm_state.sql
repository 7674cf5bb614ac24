{#- Alarms that departments told, as they stand: open while nobody has disposed of them (0, or nothing said). -#}
select
    alarm.department,
    alarm.alarm_no,
    alarm.device_code,
    alarm.indicator_code,
    alarm.alarm_kind,
    alarm.alarm_level,
    alarm.started_at,
    alarm.ended_at,
    cast({{ day_in_china('alarm.started_at') }} as date) as alarm_date,
    cast(trunc({{ day_in_china('alarm.started_at') }}, 'MM') as date) as month,
    device.monitor_device_class,
    device.holder_name,
    device.point_name,
    coalesce(alarm.object_id, device.object_id) as object_id,
    coalesce(alarm.region_code, device.region_code) as region_code,
    coalesce(alarm.city_code, device.city_code) as city_code,
    alarm.alarm_disposal,
    coalesce(alarm.alarm_disposal, '0') = '0' as is_open,
    (unix_micros(alarm.confirmed_at) - unix_micros(alarm.started_at)) div 60000000 as minutes_to_confirm
from {{ standing('device_alarm') }} as alarm
left join {{ standing('monitor_device') }} as device
    on device.department = alarm.department and device.device_code = alarm.device_code
