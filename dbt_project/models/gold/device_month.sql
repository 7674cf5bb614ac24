{#- What devices had to send by month and what came, of the hours (period H) and of indicators that count (is_key_indicator, all
    where nothing says which do). The place is that of the device, whatever department speaks of it. -#}
with uncounted as (
    select distinct department, device_code, indicator_code
    from {{ standing('device_indicator') }}
    where is_key_indicator = '0'
),

sent as (
    select
        day.department,
        day.device_code,
        cast(trunc(day.reading_date, 'MM') as date) as month,
        count(distinct day.reading_date) as days_told,
        sum(day.due) as hours_due,
        sum(day.received) as hours_received,
        sum(day.valid) as hours_valid,
        sum(day.exceeding) as hours_exceeding,
        sum(24 - day.due + day.received - day.valid) as hours_flagged
    from {{ ref('reading_day') }} as day
    left anti join uncounted
        on uncounted.department = day.department and uncounted.device_code = day.device_code
        and uncounted.indicator_code = day.indicator_code
    where day.reading_period = 'H'
    group by day.department, day.device_code, cast(trunc(day.reading_date, 'MM') as date)
)

select
    sent.department,
    sent.device_code,
    sent.month,
    device.monitor_device_class,
    device.object_id,
    device.point_name,
    device.region_code,
    device.city_code,
    sent.days_told,
    sent.hours_due,
    least(sent.hours_received, sent.hours_due) as hours_received,
    sent.hours_valid,
    sent.hours_exceeding,
    sent.hours_flagged
from sent
left join {{ standing('monitor_device') }} as device
    on device.department = sent.department and device.device_code = sent.device_code
