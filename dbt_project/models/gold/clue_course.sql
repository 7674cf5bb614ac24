with {{ acknowledged_packages(source('ops', 'clue_sent'), standing('clue_receipt')) }},

told as (
    select clue_no, 'raised' as clue_step, cast(null as string) as department, raised_date as step_date,
        cast(null as string) as step_ref, cast(null as string) as transfer_to, cast(null as string) as check_action_code, 0 as turn
    from {{ source('ops', 'clue') }}
    union all
    select clue_no, 'sent', department, sent_date, package_no, cast(null as string), cast(null as string), turn
    from {{ source('ops', 'clue_sent') }}
    union all
    select sent.clue_no, 'acknowledged', sent.department, acknowledged.acknowledged_date, sent.package_no,
        cast(null as string), cast(null as string), sent.turn
    from {{ source('ops', 'clue_sent') }} as sent
    join acknowledged on acknowledged.package_no = sent.package_no
    union all
    select event.clue_no, event.clue_event_kind, event.department, event.clue_event_date, event.clue_event_no,
        event.transfer_to, event.check_action_code, coalesce(sent.turn, 0)
    from {{ standing('clue_event') }} as event
    join {{ source('ops', 'clue') }} as raised on raised.clue_no = event.clue_no
    left join (
        select clue_no, department, max(turn) as turn from {{ source('ops', 'clue_sent') }} group by clue_no, department
    ) as sent on sent.clue_no = event.clue_no and sent.department = event.department
    where sent.clue_no is not null or event.clue_event_kind = '6'
),

clue_course as (
    select
        told.clue_no,
        cast(row_number() over (
            partition by told.clue_no
            order by told.step_date, told.turn,
                case told.clue_step when 'raised' then 0 when '6' then 1 when 'sent' then 2 when 'acknowledged' then 3 else 4 end,
                told.step_ref
        ) as bigint) as step_order,
        told.clue_step,
        told.department,
        told.step_date,
        told.step_ref,
        told.transfer_to,
        told.check_action_code,
        cast(reached.working_day_no - begun.working_day_no as bigint) as working_days
    from told
    join {{ source('ops', 'clue') }} as raised on raised.clue_no = told.clue_no
    left join {{ source('codes', 'working_day') }} as begun on begun.date = raised.raised_date
    left join {{ source('codes', 'working_day') }} as reached on reached.date = told.step_date
)

select * from clue_course
