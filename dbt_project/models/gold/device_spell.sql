{#- Spells of readings that a rule of codes/alarm_rule.csv calls an alarm, of whatever field, and the alarm that the department told
    of that device meanwhile. -#}
with above as (
    select *, hours as hours_above, cast(null as bigint) as still_hours from ({{ spells_above() }}) as counted
),

still as (
    select
        *,
        {{ begins_in_china('started_date') }} as started_at,
        {{ begins_in_china('date_add(until_date, 1)') }} as ended_at,
        cast(null as bigint) as hours_above,
        cast(null as decimal(18,6)) as worst_multiple,
        run_days * 24 as still_hours
    from ({{ still_days() }}) as counted
),

graded_above as (
    {{ with_alarm_levels('above') }}
),

graded_still as (
    {{ with_alarm_levels('still') }}
),

spell as (
    select
        department, device_code, indicator_code, '1' as spell_kind, started_at, ended_at, started_date, hours, worst_value as spell_value,
        threshold_high, unit, alarm_level
    from graded_above
    union all
    select
        department, device_code, indicator_code, '2' as spell_kind, started_at, ended_at, started_date, still_hours as hours,
        constant_value as spell_value, cast(null as decimal(18,6)) as threshold_high, unit, alarm_level
    from graded_still
),

told as (
    select spell.department, spell.device_code, spell.indicator_code, spell.spell_kind, spell.started_at, min(alarm.alarm_no) as alarm_no
    from spell
    join {{ standing('device_alarm') }} as alarm
        on alarm.department = spell.department and alarm.device_code = spell.device_code
        and coalesce(alarm.indicator_code = spell.indicator_code, true)
        and alarm.started_at <= spell.ended_at and coalesce(alarm.ended_at, alarm.started_at) >= spell.started_at
    group by spell.department, spell.device_code, spell.indicator_code, spell.spell_kind, spell.started_at
)

select
    spell.department,
    spell.device_code,
    spell.indicator_code,
    spell.spell_kind,
    spell.started_at,
    spell.ended_at,
    spell.started_date,
    cast(trunc(spell.started_date, 'MM') as date) as month,
    device.monitor_device_class,
    device.object_id,
    device.holder_name,
    device.point_name,
    device.region_code,
    device.city_code,
    spell.hours,
    cast(spell.spell_value as decimal(18,6)) as spell_value,
    cast(spell.threshold_high as decimal(18,6)) as threshold_high,
    spell.unit,
    spell.alarm_level,
    told.alarm_no
from spell
left join {{ standing('monitor_device') }} as device
    on device.department = spell.department and device.device_code = spell.device_code
left join told
    on told.department = spell.department and told.device_code = spell.device_code and told.indicator_code = spell.indicator_code
    and told.spell_kind = spell.spell_kind and told.started_at = spell.started_at
where spell.alarm_level is not null
