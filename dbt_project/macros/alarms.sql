{#- Spells of readings, one row each, and the level of alarm that the rules of codes/alarm_rule.csv give them: one alarm a device,
    indicator and spell, not one a reading (domain.md §1.15). -#}

{#- Hours above the limit of their moment that follow each other. Only the exceeding hours are read, and of these none below a
    lower limit. -#}
{% macro spells_above() -%}
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
    from (
        select
            department, device_code, indicator_code, reading_time, unit,
            coalesce(reading_adjusted, reading_value) as compared,
            threshold_high,
            unix_micros(reading_time) div 3600000000
                - row_number() over (partition by department, device_code, indicator_code order by reading_time) as spell
        from {{ standing('reading') }}
        where is_exceeding and reading_period = 'H' and coalesce(reading_adjusted, reading_value) > threshold_high
    ) as hour
    group by department, device_code, indicator_code, spell
{%- endmacro %}

{#- Days in a row on which every hour that was due had one value, and the same each day; a value of zero is none, which an outlet
    at rest has. Read from day sums alone; how many days are too many is the rules' to say. -#}
{% macro still_days() -%}
    select
        department, device_code, indicator_code, day_avg as constant_value, max(unit) as unit,
        min(reading_date) as started_date, max(reading_date) as until_date, count(*) as run_days
    from (
        select
            department, device_code, indicator_code, reading_date, day_avg, longest_run, unit,
            datediff(reading_date, date'2000-01-01')
                - row_number() over (partition by department, device_code, indicator_code, day_avg order by reading_date) as spell
        from {{ ref('reading_day') }}
        where reading_period = 'H' and due > 0 and longest_run >= due and longest_run = valid and day_avg > 0
    ) as still
    group by department, device_code, indicator_code, day_avg, spell
    having count(*) * 24 >= (
        select min(cast(at_least as bigint)) from {{ source('codes', 'alarm_rule') }} where measured = 'still_hours'
    )
{%- endmacro %}

{#- Spells with `alarm_level`, the gravest that a rule gives, null where none does. Of a spell are read its device, indicator and
    first day, and what rules measure: hours_above, worst_multiple, still_hours. -#}
{% macro with_alarm_levels(spell) -%}
    select spell.*, level.alarm_level
    from {{ spell }} as spell
    left join (
        select spell.department, spell.device_code, spell.indicator_code, spell.started_at, min(rule.alarm_level) as alarm_level
        from {{ spell }} as spell
        left join {{ standing('monitor_device') }} as device
            on device.department = spell.department and device.device_code = spell.device_code
        left join {{ standing('device_indicator') }} as limited
            on limited.department = spell.department and limited.device_code = spell.device_code
            and limited.indicator_code = spell.indicator_code
            and coalesce(limited.valid_from <= spell.started_date, true) and coalesce(limited.valid_until >= spell.started_date, true)
        join {{ source('codes', 'alarm_rule') }} as rule
            on case rule.measured when 'hours_above' then cast(spell.hours_above as decimal(18,6)) when 'multiple' then spell.worst_multiple
                when 'still_hours' then cast(spell.still_hours as decimal(18,6)) end >= cast(rule.at_least as decimal(18,6))
            and (rule.classes = '' or array_contains(split(rule.classes, '[|]'), device.monitor_device_class))
            and (rule.threshold_kinds = '' or array_contains(split(rule.threshold_kinds, '[|]'), limited.threshold_kind))
        group by spell.department, spell.device_code, spell.indicator_code, spell.started_at
    ) as level
        on level.department = spell.department and level.device_code = spell.device_code
        and level.indicator_code = spell.indicator_code and level.started_at = spell.started_at
{%- endmacro %}

{#- The moment at which a day begins in China, eight hours before it does in UTC. -#}
{% macro begins_in_china(day) -%}
    timestamp_micros(cast(datediff({{ day }}, date'1970-01-01') * 24 - 8 as bigint) * 3600000000)
{%- endmacro %}
