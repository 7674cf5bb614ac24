{#- Where each clue stands: who was sent it last, what that department said since, and which clock has run out. A receipt counts
    if it names the package as it was sent; whoever answers has it, receipt or not. -#}

with last_turn as (
    select clue_no, max(struct(turn, department, grade, sent_date, accept_deadline, answer_deadline, close_deadline, package_no)) as sent
    from {{ source('ops', 'clue_sent') }}
    group by clue_no
),

{{ acknowledged_packages(source('ops', 'clue_sent'), standing('clue_receipt')) }},

answer as (
    select
        last_turn.clue_no,
        min(event.clue_event_date) as answered_date,
        max(struct(event.clue_event_date, event.clue_event_no, event.clue_event_kind)) as last
    from last_turn
    join {{ standing('clue_event') }} as event
        on event.clue_no = last_turn.clue_no
        and event.department = last_turn.sent.department
        and event.clue_event_date >= last_turn.sent.sent_date
    where event.clue_event_kind <> '6'
    group by last_turn.clue_no
),

later_check as (
    select
        raised.clue_no,
        max(case when act.is_problem then 1 else 0 end) = 1 as problem_later
    from {{ source('ops', 'clue') }} as raised
    join {{ standing('check_action') }} as act
        on act.object_id = raised.object_id
        and act.check_date > raised.raised_date
        and act.check_date <= date_add(raised.raised_date, 180)
    group by raised.clue_no
),

followed as (
    select
        raised.*,
        last_turn.sent.turn as turn,
        last_turn.sent.department as holder,
        last_turn.sent.sent_date as sent_date,
        last_turn.sent.package_no as package_no,
        last_turn.sent.accept_deadline as accept_deadline,
        last_turn.sent.answer_deadline as answer_deadline,
        last_turn.sent.close_deadline as close_deadline,
        least(acknowledged.acknowledged_date, answer.answered_date) as acknowledged_date,
        answer.answered_date,
        case when answer.last.clue_event_kind in ('1', '3', '4') then answer.last.clue_event_date end as closed_date,
        case
            when last_turn.clue_no is null then 'unassigned'
            when answer.last.clue_event_kind = '1' then 'done'
            when answer.last.clue_event_kind = '2' then 'handling'
            when answer.last.clue_event_kind = '3' then 'unfounded'
            when answer.last.clue_event_kind = '4' then 'duplicate'
            when answer.last.clue_event_kind = '5' then 'returned'
            when acknowledged.acknowledged_date is not null then 'acknowledged'
            else 'sent'
        end as clue_state,
        coalesce(later_check.problem_later, false) as problem_later,
        later_check.clue_no is not null as checked_later
    from {{ source('ops', 'clue') }} as raised
    left join last_turn on last_turn.clue_no = raised.clue_no
    left join acknowledged on acknowledged.package_no = last_turn.sent.package_no
    left join answer on answer.clue_no = raised.clue_no
    left join later_check on later_check.clue_no = raised.clue_no
),

judged as (
    select
        *,
        clue_state not in ('done', 'unfounded', 'duplicate') as is_open,
        {{ clock_state('acknowledged_date', 'accept_deadline', as_of()) }} as accept_state,
        {{ clock_state('answered_date', 'answer_deadline', as_of()) }} as answer_state,
        {{ clock_state('closed_date', 'close_deadline', as_of()) }} as close_state,
        case
            when sent_date is null or closed_date is not null then null
            when acknowledged_date is null then accept_deadline
            when answered_date is null then answer_deadline
            else close_deadline
        end as next_deadline
    from followed
),

clue as (
    select
        judged.clue_no,
        judged.clue_rule,
        judged.model,
        judged.field,
        judged.item_code,
        judged.object_id,
        judged.object_name,
        judged.region_code,
        coalesce(judged.city_code, '{{ province() }}') as city_code,
        -- szj keeps the platform
        coalesce(judged.holder, 'szj') as department,
        judged.duty_department,
        judged.duty_rule,
        judged.duty_ground,
        judged.grade,
        concat_ws('；', judged.clue_reasons) as reasons_text,
        judged.spell_begin,
        judged.spell_end,
        judged.raised_date,
        cast(trunc(judged.raised_date, 'MM') as date) as month,
        judged.turn,
        judged.package_no,
        judged.sent_date,
        judged.accept_deadline,
        judged.answer_deadline,
        judged.close_deadline,
        judged.acknowledged_date,
        judged.sent_date is not null and judged.acknowledged_date is null as is_unacknowledged,
        judged.answered_date,
        judged.closed_date,
        judged.clue_state,
        judged.is_open,
        case when judged.clue_state in ('done', 'handling') then true when judged.clue_state = 'unfounded' then false end as is_true,
        judged.accept_state,
        judged.answer_state,
        judged.close_state,
        case
            when judged.closed_date is not null then 'closed'
            when 'overdue' in (judged.accept_state, judged.answer_state, judged.close_state) then 'overdue'
            when coming.working_day_no - now.working_day_no <= 1 then 'due_soon'
            else 'running'
        end as clue_alarm,
        cast(coming.working_day_no - now.working_day_no as bigint) as days_left,
        judged.checked_later,
        judged.problem_later
    from judged
    left join {{ source('codes', 'working_day') }} as now on now.date = {{ as_of() }}
    left join {{ source('codes', 'working_day') }} as coming on coming.date = judged.next_deadline
)

select * from clue
