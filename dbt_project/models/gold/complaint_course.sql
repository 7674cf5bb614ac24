{{ config(enabled='gold.complaint_course' in declared()) }}
with {{ case_of_registrations(standing('complaint')) }},

step as (
    {{ complaint_steps(standing('complaint'), standing('complaint_event'), standing('complaint_route')) }}
),

placed as (
    select
        case_of.case_department,
        case_of.case_no,
        step.*,
        min(step.event_date) over (partition by case_of.case_department, case_of.case_no) as first_date
    from step
    join case_of on case_of.department = step.department and case_of.complaint_no = step.complaint_no
),

complaint_course as (
    select
        placed.case_department,
        placed.case_no,
        cast(row_number() over (
            partition by placed.case_department, placed.case_no
            order by placed.event_date, placed.event_kind, placed.department, placed.complaint_no
        ) as bigint) as step,
        placed.department,
        placed.complaint_no,
        placed.event_kind,
        placed.event_date,
        placed.handled_by,
        cast(reached.working_day_no - begun.working_day_no as bigint) as case_working_days
    from placed
    left join {{ source('codes', 'working_day') }} as begun on begun.date = placed.first_date
    left join {{ source('codes', 'working_day') }} as reached on reached.date = placed.event_date
)

select * from complaint_course
