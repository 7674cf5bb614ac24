{#- 发改办财金〔2018〕424号: a decision is reported within 7 working days after its day. Of each decision and party the row
    first received counts; corrections that follow are no second report. Rows of the 2016 form are old decisions that are
    returned once more: they are no reports, and not here. Who did not load a row is told by its receipt. -#}
{% set working_days_to_report = 7 %}
with loaded as (
    select
        'punish' as report_kind, _delivery, _line, _department as department, _received_at, decision_date,
        decision_no, party_name, substr(authority_code, 3, 6) as region_code, cd_operation
    from {{ source('silver', 'credit_punish') }}
    union all
    select
        'permit', _delivery, _line, _department, _received_at, decision_date,
        decision_no, party_name, substr(authority_code, 3, 6), cd_operation
    from {{ source('silver', 'credit_permit') }}
),

refused as (
    select
        'punish' as report_kind, _delivery, _line, _department as department, _received_at,
        _row['decision_no'] as decision_no, substr(_row['authority_code'], 3, 6) as region_code
    from {{ source('quarantine', 'credit_punish') }}
    union all
    select
        'permit', _delivery, _line, _department, _received_at,
        _row['decision_no'], substr(_row['authority_code'], 3, 6)
    from {{ source('quarantine', 'credit_permit') }}
),

accepted as (
    select _delivery as accepted_delivery
    from {{ source('ops', 'delivery') }}
    where state = 'accepted'
    group by _delivery
),

ordered as (
    select
        loaded.*,
        coalesce(cd_operation = 'D', false) as is_withdrawal,
        row_number() over (
            partition by report_kind, decision_no, party_name, coalesce(cd_operation = 'D', false)
            order by _received_at, _delivery, _line
        ) as place
    from loaded
    join accepted on accepted_delivery = _delivery
),

reported as (
    select
        report_kind, _delivery, _line, department, _received_at, decision_date, decision_no, region_code,
        case when is_withdrawal then 'withdrawn' when place > 1 then 'repeated' end as known_state
    from ordered
    union all
    select
        report_kind, _delivery, _line, department, _received_at, cast(null as date), decision_no, region_code, 'refused'
    from refused
    join accepted on accepted_delivery = _delivery
),

dated as (
    select *, {{ day_in_china('_received_at') }} as credit_reported_date from reported
),

credit_report as (
    select
        dated._delivery,
        dated._line as line,
        dated.report_kind,
        dated.decision_no as reported_no,
        dated.department,
        coalesce(place.city_code, '{{ province() }}') as city_code,
        place.current_code as region_code,
        cast(trunc(dated.credit_reported_date, 'MM') as date) as month,
        dated.credit_reported_date,
        dated.decision_date,
        reached.working_day_no - begun.working_day_no as report_working_days,
        coalesce(
            dated.known_state,
            case
                when reached.working_day_no - begun.working_day_no > {{ working_days_to_report }} then 'late'
                else 'on_time'
            end
        ) as report_state
    from dated
    left join {{ source('codes', 'region') }} as place on place.code = dated.region_code
    left join {{ source('codes', 'working_day') }} as begun on begun.date = dated.decision_date
    left join {{ source('codes', 'working_day') }} as reached on reached.date = dated.credit_reported_date
)

select * from credit_report
