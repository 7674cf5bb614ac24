{#- Reports of adverse reactions: a death is told at once, what is new or serious and everything else within the days that held on
    the day of the reaction. -#}
with report as (
    select
        report_no,
        max(department) as department,
        max(adr_report_kind) as adr_report_kind,
        max(adr_outcome) as adr_outcome,
        max(case when adr_outcome = '5' then 1 else 0 end) = 1 as is_death,
        max(case when adr_report_kind in ('2', '3') or adr_outcome = '5' then 1 else 0 end) = 1 as is_serious,
        min(occurred_date) as occurred_date,
        min(reported_date) as reported_date,
        max(region_code) as region_code,
        max(city_code) as city_code
    from {{ standing('drug_reaction') }}
    group by report_no
),

allowed as (
    select 'death' as kind, * from {{ limit_on('theme_limit', 'YP3-SW') }} as one
    union all
    select 'serious' as kind, * from {{ limit_on('theme_limit', 'YP3-YZ') }} as one
    union all
    select 'general' as kind, * from {{ limit_on('theme_limit', 'YP3-YB') }} as one
)

select
    report.report_no,
    report.department,
    report.adr_report_kind,
    case when report.is_death then '5' else report.adr_outcome end as adr_outcome,
    report.occurred_date,
    report.reported_date,
    report.region_code,
    report.city_code,
    cast(datediff(report.reported_date, report.occurred_date) as bigint) as days_taken,
    cast(allowed.bound_value as bigint) as legal_days,
    report.is_serious,
    coalesce(datediff(report.reported_date, report.occurred_date) <= allowed.bound_value, false) as is_in_time,
    allowed.legal_basis
from report
left join allowed
    on allowed.kind = case when report.is_death then 'death' when report.is_serious then 'serious' else 'general' end
    and allowed.first_day <= report.occurred_date and report.occurred_date <= allowed.last_day
