{#- Days in a row on which every hour that was due had one value, and the same each day: a sign of made-up data. (ours) Three
    days, as 72 hours; a value of zero is none, which an outlet at rest has. Read from day sums alone. -#}
with still as (
    select
        department, device_code, indicator_code, reading_date, day_avg, longest_run, unit,
        datediff(reading_date, date'2000-01-01')
            - row_number() over (partition by department, device_code, indicator_code, day_avg order by reading_date) as spell
    from {{ ref('reading_day') }}
    where reading_period = 'H' and due > 0 and longest_run >= due and longest_run = valid and day_avg > 0
),

spell as (
    select
        department, device_code, indicator_code, day_avg as constant_value, max(unit) as unit,
        min(reading_date) as started_date, max(reading_date) as until_date, count(*) as run_days
    from still
    group by department, device_code, indicator_code, day_avg, spell
    having count(*) >= 3
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
