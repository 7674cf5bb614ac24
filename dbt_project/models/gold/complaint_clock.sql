{#- 市场监督管理投诉举报处理暂行办法 art. 14: a consumer complaint (投诉, kind 1) is accepted or refused within 7 working
    days after the day of registration, by the market regulator. Reports (举报), questions and advice have no such clock
    and no row here; neither has what the hotline or another regulator registers. -#}
{% set working_days_to_decide = 7 %}
{% set kinds_with_clock = ['1'] %}
{% set departments_with_clock = ['scjg', 'yjj'] %}

with working_day as (
    select date, working_day_no from {{ source('codes', 'working_day') }} where is_working_day
),

clock as (
    select
        complaint.*,
        deadline.date as accept_deadline,
        stopped.working_day_no - started.working_day_no as accept_working_days
    from {{ standing('complaint') }} as complaint
    left join {{ source('codes', 'working_day') }} as started on started.date = complaint.received_date
    left join working_day as deadline on deadline.working_day_no = started.working_day_no + {{ working_days_to_decide }}
    left join {{ source('codes', 'working_day') }} as stopped
        on stopped.date = greatest(coalesce(complaint.decided_date, {{ as_of() }}), complaint.received_date)
    where complaint.complaint_kind in ('{{ kinds_with_clock | join("', '") }}')
        and complaint.department in ('{{ departments_with_clock | join("', '") }}')
),

judged as (
    select
        *,
        case
            when decided_date <= accept_deadline then 'on_time'
            when decided_date is not null then 'late'
            when {{ as_of() }} > accept_deadline then 'overdue'
            else 'pending'
        end as accept_state
    from clock
),

complaint_clock as (
    select
        judged.complaint_no,
        coalesce(judged.city_code, '{{ province() }}') as city_code,
        judged.region_code,
        judged.department,
        cast(trunc(judged.received_date, 'MM') as date) as month,
        judged.object_id,
        judged.received_date,
        judged.accept_deadline,
        judged.decided_date,
        judged.accept_working_days,
        judged.accept_state,
        judged.closed_date
    from judged
)

select * from complaint_clock
