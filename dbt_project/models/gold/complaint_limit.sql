{#- Every time limit but the first decision (complaint_clock), from the list of limits: what starts and what stops it, how
    long it is, in which days, for whom. The day it begins is not counted (民法典 art. 201). -#}

with working_day as (
    select date, working_day_no from {{ source('codes', 'working_day') }} where is_working_day
),

step as (
    {{ complaint_steps(standing('complaint'), standing('complaint_event'), standing('complaint_route')) }}
),

started as (
    select
        step.department,
        step.complaint_no,
        clock.code as clock,
        max(clock.stops) as stops,
        max(cast(clock.days as bigint)) as days,
        max(cast(clock.extension as bigint)) as extension,
        max(clock.in_working_days) = '1' as is_in_working_days,
        min(step.event_date) as started_date
    from step
    join {{ standing('complaint') }} as complaint
        on complaint.department = step.department and complaint.complaint_no = step.complaint_no
    join {{ source('codes', 'complaint_clock') }} as clock
        on array_contains(split(clock.starts, '[|]'), step.event_kind)
        and (clock.kinds = '' or array_contains(split(clock.kinds, '[|]'), complaint.complaint_kind))
        and (clock.departments = '' or array_contains(split(clock.departments, '[|]'), complaint.department))
    where not complaint.is_passed_on
    group by step.department, step.complaint_no, clock.code
),

stopped as (
    select
        started.department,
        started.complaint_no,
        started.clock,
        min(case when array_contains(split(started.stops, '[|]'), step.event_kind) then step.event_date end) as ended_date,
        max(case when step.event_kind = '09' then 1 else 0 end) = 1 as is_extended
    from started
    join step on step.department = started.department and step.complaint_no = started.complaint_no
    where step.event_date >= started.started_date
    group by started.department, started.complaint_no, started.clock
),

limited as (
    select
        started.*,
        stopped.ended_date,
        started.days + case when stopped.is_extended then started.extension else 0 end as limit_days,
        least(coalesce(stopped.ended_date, {{ as_of() }}), greatest({{ as_of() }}, started.started_date)) as until
    from started
    left join stopped
        on stopped.department = started.department
        and stopped.complaint_no = started.complaint_no
        and stopped.clock = started.clock
),

counted as (
    select
        limited.*,
        case
            when limited.is_in_working_days then ended.date
            else date_add(limited.started_date, cast(limited.limit_days as int))
        end as limit_date,
        case
            when limited.is_in_working_days then reached.working_day_no - begun.working_day_no
            else datediff(limited.until, limited.started_date)
        end as used_days
    from limited
    left join {{ source('codes', 'working_day') }} as begun on begun.date = limited.started_date
    left join {{ source('codes', 'working_day') }} as reached on reached.date = limited.until
    left join working_day as ended on ended.working_day_no = begun.working_day_no + limited.limit_days
),

complaint_limit as (
    select
        counted.department,
        counted.complaint_no,
        counted.clock,
        coalesce(complaint.city_code, '{{ province() }}') as city_code,
        complaint.region_code,
        counted.started_date,
        counted.limit_days,
        counted.is_in_working_days,
        counted.limit_date,
        counted.ended_date,
        cast(counted.used_days as bigint) as used_days,
        case
            when counted.ended_date <= counted.limit_date then 'on_time'
            when counted.ended_date is not null then 'late'
            when {{ as_of() }} > counted.limit_date then 'overdue'
            else 'pending'
        end as limit_state
    from counted
    join {{ standing('complaint') }} as complaint
        on complaint.department = counted.department and complaint.complaint_no = counted.complaint_no
)

select * from complaint_limit
