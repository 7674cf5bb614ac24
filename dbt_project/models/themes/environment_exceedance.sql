{#- Valid hours above the limit of their moment, one row a spell, with the level of alarm that the rules give it. -#}
with above as (
    select *, hours as hours_above, cast(null as bigint) as still_hours from ({{ spells_above() }}) as counted
),

spell as (
    {{ with_alarm_levels('above') }}
)

select
    spell.department,
    'environment' as field,
    spell.device_code,
    spell.indicator_code,
    spell.started_at,
    spell.ended_at,
    spell.started_date,
    device.object_id,
    device.holder_name,
    device.point_name,
    device.region_code,
    device.city_code,
    spell.hours,
    cast(spell.worst_value as decimal(18,6)) as worst_value,
    cast(spell.threshold_high as decimal(18,6)) as threshold_high,
    spell.unit,
    spell.worst_multiple,
    spell.alarm_level
from spell
left join {{ standing('monitor_device') }} as device
    on device.department = spell.department and device.device_code = spell.device_code
