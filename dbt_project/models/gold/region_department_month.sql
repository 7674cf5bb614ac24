with acted as (
    select
        city_code,
        department,
        month,
        sum(checks) as checks,
        sum(checks_with_problem) as checks_with_problem,
        sum(punishments) as punishments,
        sum(fine_cny) as fine_cny,
        sum(complaints) as complaints
    from {{ ref('activity_month') }}
    group by city_code, department, month
),

reached as (
    select
        coalesce(city_code, '{{ province() }}') as city_code,
        department,
        cast(trunc(check_date, 'MM') as date) as month,
        count(distinct object_id) as objects_checked
    from {{ standing('check_action') }}
    group by 1, 2, 3
),

answered as (
    select
        city_code,
        department,
        month,
        count(case when accept_state <> 'pending' then 1 end) as complaints_due,
        count(case when accept_state = 'on_time' then 1 end) as complaints_on_time
    from {{ ref('complaint_clock') }}
    group by city_code, department, month
),

finished as (
    select
        coalesce(city_code, '{{ province() }}') as city_code,
        department,
        cast(trunc(received_date, 'MM') as date) as month,
        count(closed_date) as complaints_closed
    from {{ standing('complaint') }}
    group by 1, 2, 3
),

region_department_month as (
    select
        acted.city_code,
        acted.department,
        acted.month,
        acted.checks,
        acted.checks_with_problem,
        coalesce(reached.objects_checked, 0) as objects_checked,
        acted.punishments,
        cast(acted.fine_cny as decimal(18,2)) as fine_cny,
        acted.complaints,
        coalesce(answered.complaints_due, 0) as complaints_due,
        coalesce(answered.complaints_on_time, 0) as complaints_on_time,
        coalesce(finished.complaints_closed, 0) as complaints_closed
    from acted
    left join reached
        on reached.city_code = acted.city_code and reached.department = acted.department and reached.month = acted.month
    left join answered
        on answered.city_code = acted.city_code and answered.department = acted.department and answered.month = acted.month
    left join finished
        on finished.city_code = acted.city_code and finished.department = acted.department and finished.month = acted.month
)

select * from region_department_month
