{#- Valid hours above the limit of their moment, one row a spell: hours that follow each other. Only the exceeding hours are read,
    and of these none below a lower limit. -#}
with hour as (
    select
        department, device_code, indicator_code, reading_time, unit,
        coalesce(reading_adjusted, reading_value) as compared,
        threshold_high,
        unix_micros(reading_time) div 3600000000
            - row_number() over (partition by department, device_code, indicator_code order by reading_time) as spell
    from {{ standing('reading') }}
    where is_exceeding and reading_period = 'H' and coalesce(reading_adjusted, reading_value) > threshold_high
),

spell as (
    select
        department, device_code, indicator_code,
        min(reading_time) as started_at,
        max(reading_time) + interval 1 hour as ended_at,
        cast({{ day_in_china('min(reading_time)') }} as date) as started_date,
        count(*) as hours,
        max(compared) as worst_value,
        max(threshold_high) as threshold_high,
        max(unit) as unit,
        cast(max(compared / nullif(threshold_high, 0)) as decimal(18,6)) as worst_multiple
    from hour
    group by department, device_code, indicator_code, spell
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
    -- (ours) an hour is yellow; three, or twice the limit, orange; twelve red
    case when spell.hours >= 12 then '1' when spell.hours >= 3 or spell.worst_multiple >= 2 then '2' else '3' end as alarm_level
from spell
left join {{ standing('monitor_device') }} as device
    on device.department = spell.department and device.device_code = spell.device_code
