{{ config(enabled='gold.complaint_case' in declared()) }}
with {{ case_of_registrations(standing('complaint')) }},

counted as (
    select
        case_department,
        case_no,
        count(*) as registrations,
        max(case when is_circular then 1 else 0 end) = 1 as is_circular,
        max(struct(case_of.depth, registration.received_date, case_of.department, case_of.complaint_no)) as last
    from case_of
    join {{ standing('complaint') }} as registration
        on registration.department = case_of.department and registration.complaint_no = case_of.complaint_no
    group by case_department, case_no
),

complaint_case as (
    select
        counted.case_department,
        counted.case_no,
        case
            when counted.is_circular then 'circular'
            when counted.registrations > 1 then 'joined'
            when first.origin_no is not null then 'unknown'
            else 'own'
        end as origin_state,
        counted.registrations,
        handled.department,
        handled.complaint_no,
        coalesce(handled.city_code, first.city_code, '{{ province() }}') as city_code,
        coalesce(handled.region_code, first.region_code) as region_code,
        handled.complaint_kind,
        coalesce(handled.problem_class, first.problem_class) as problem_class,
        coalesce(handled.object_id, first.object_id) as object_id,
        first.received_date,
        handled.decided_date,
        coalesce(handled.closed_date, first.closed_date) as closed_date,
        handled.is_passed_on as is_lost
    from counted
    join {{ standing('complaint') }} as first
        on first.department = counted.case_department and first.complaint_no = counted.case_no
    join {{ standing('complaint') }} as handled
        on handled.department = counted.last.department and handled.complaint_no = counted.last.complaint_no
)

select * from complaint_case
