{#- Days in a row with one value throughout: a sign of made-up data. How many are too many is a rule of codes/alarm_rule.csv. -#}
with spell as (
    {{ still_days() }}
)

select
    spell.department,
    spell.device_code,
    spell.indicator_code,
    spell.started_date,
    spell.until_date,
    device.object_id,
    device.holder_name,
    device.point_name,
    device.region_code,
    device.city_code,
    spell.run_days,
    spell.constant_value,
    spell.unit
from spell
left join {{ standing('monitor_device') }} as device
    on device.department = spell.department and device.device_code = spell.device_code
