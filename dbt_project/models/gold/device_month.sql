{#- What devices had to send by month and what came, of the hours (period H) and of indicators that count: those that the
    device's list calls key, or all that no list leaves out where it names none. The place is that of the device, whatever department speaks of it; what a device sent that nobody
    registered is nobody's.

    A day without a word is due as well, 24 hours of each of the device's indicators: days between the first and the last of which
    its department told anything, since it was accepted and before it was retired, of devices in use (1) or out of order (3). Of those
    that never sent anything, where others of their class do. Who reports every so many hours owes every so manieth. -#}
with listed as (
    select
        department, device_code, indicator_code,
        max(case when coalesce(is_key_indicator, '1') <> '0' then 1 else 0 end) = 1 as is_key
    from {{ standing('device_indicator') }}
    group by department, device_code, indicator_code
),

keyed as (
    select distinct department, device_code from listed where is_key
),

day as (
    select
        reading_day.*,
        cast(trunc(reading_day.reading_date, 'MM') as date) as month,
        coalesce(listed.is_key, keyed.device_code is null) as is_counted
    from {{ ref('reading_day') }} as reading_day
    left join listed
        on listed.department = reading_day.department and listed.device_code = reading_day.device_code
        and listed.indicator_code = reading_day.indicator_code
    left join keyed on keyed.department = reading_day.department and keyed.device_code = reading_day.device_code
    where reading_day.reading_period = 'H'
),

sent as (
    select
        department,
        device_code,
        month,
        count(distinct reading_date) as days_told,
        sum(case when is_counted then due else 0 end) as hours_due,
        sum(case when is_counted then received else 0 end) as hours_received,
        sum(case when is_counted then valid else 0 end) as hours_valid,
        sum(case when is_counted then exceeding else 0 end) as hours_exceeding,
        sum(case when is_counted then 24 - due + received - valid else 0 end) as hours_flagged
    from day
    group by department, device_code, month
),

measured as (
    select department, device_code, count(distinct indicator_code) as indicators
    from (
        select department, device_code, indicator_code from day where is_counted
        union all
        select department, device_code, indicator_code from listed where is_key
    ) as named
    group by department, device_code
),

reach as (
    select department, min(reading_date) as first_day, max(reading_date) as last_day from day group by department
),

sending as (
    select distinct device.department, device.monitor_device_class
    from {{ standing('monitor_device') }} as device
    join sent on sent.department = device.department and sent.device_code = device.device_code
),

watching as (
    select
        device.department,
        device.device_code,
        greatest(reach.first_day, coalesce(device.accepted_date, device.installed_date, reach.first_day)) as since,
        least(reach.last_day, coalesce(date_sub(device.retired_date, 1), reach.last_day)) as until
    from {{ standing('monitor_device') }} as device
    join reach on reach.department = device.department
    join sending on sending.department = device.department and sending.monitor_device_class = device.monitor_device_class
    where coalesce(device.device_status, '1') in ('1', '3')
),

expected as (
    select
        watching.department,
        watching.device_code,
        calendar.month,
        count(*) as days
    from watching
    join (select date, cast(trunc(date, 'MM') as date) as month from {{ source('codes', 'working_day') }}) as calendar
        on calendar.date >= watching.since and calendar.date <= watching.until
    group by watching.department, watching.device_code, calendar.month
),

owed as (
    select
        coalesce(sent.department, expected.department) as department,
        coalesce(sent.device_code, expected.device_code) as device_code,
        coalesce(sent.month, expected.month) as month,
        coalesce(sent.days_told, 0) as days_told,
        greatest(coalesce(expected.days, 0) - coalesce(sent.days_told, 0), 0) as days_silent,
        coalesce(sent.hours_due, 0) as hours_due,
        coalesce(sent.hours_received, 0) as hours_received,
        coalesce(sent.hours_valid, 0) as hours_valid,
        coalesce(sent.hours_exceeding, 0) as hours_exceeding,
        coalesce(sent.hours_flagged, 0) as hours_flagged
    from sent
    full outer join expected
        on expected.department = sent.department and expected.device_code = sent.device_code and expected.month = sent.month
),

device_month as (
    select
        owed.department,
        owed.device_code,
        owed.month,
        device.monitor_device_class,
        device.object_id,
        device.holder_name,
        device.point_name,
        device.region_code,
        device.city_code,
        owed.days_told,
        owed.days_silent,
        cast(ceil(
            (owed.hours_due + owed.days_silent * 24 * coalesce(measured.indicators, 1)) * 3600.0
            / greatest(coalesce(device.report_period_s, 3600), 3600)
        ) as bigint) as hours_due,
        owed.hours_received,
        owed.hours_valid,
        owed.hours_exceeding,
        owed.hours_flagged
    from owed
    join {{ standing('monitor_device') }} as device
        on device.department = owed.department and device.device_code = owed.device_code
    left join measured on measured.department = owed.department and measured.device_code = owed.device_code
)

select
    department, device_code, month, monitor_device_class, object_id, holder_name, point_name, region_code, city_code, days_told,
    days_silent, hours_due,
    least(hours_received, hours_due) as hours_received,
    hours_valid, hours_exceeding, hours_flagged,
    cast(least(hours_received, hours_due) / nullif(hours_due, 0) as decimal(9,4)) as online_share
from device_month
