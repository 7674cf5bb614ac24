{#- What is known of each organisation today: the ratios of its last form, forms it owes, its owner's share, and its last rating,
    which means something beside its own scale only (local_finance). -#}

with ratio as (
    select
        object_id,
        max(case when ratio_code = 'JR01' then ratio_value end) as guarantee_multiple_now,
        max(case when ratio_code in ('JR02A', 'JR04A') then ratio_value end) as concentration_now,
        max(case when ratio_code = 'JR07' then ratio_value end) as bad_loan_share_now,
        max(case when ratio_code in ('JR01', 'JR09C') then below_value end) as net_assets,
        sum(case when is_over_limit then 1 else 0 end) as breaches
    from {{ ref('finance_institution_period') }}
    where is_latest
    group by object_id
),

equity as (
    select object_id, figure_value as net_assets
    from (
        select *, row_number() over (partition by object_id order by month desc) as place
        from {{ standing('finance_figure') }}
        where finance_item = 'XD65'
    ) as told
    where place = 1
),

owed as (
    select object_id, form_kind, count(*) as reports_late_12m
    from {{ ref('finance_report_due') }}
    where not is_in_time and month > add_months({{ as_of() }}, -12)
    group by object_id, form_kind
),

owner as (
    select object_id, max(share_percent) as controlling_share
    from {{ standing('finance_shareholder') }}
    where is_controlling = '1'
    group by object_id
),

rated as (
    select object_id, credit_grade, rated_date
    from (
        select *, row_number() over (partition by object_id order by rated_date desc) as place
        from {{ standing('credit_grade') }}
        where grade_scale = 'local_finance' and rated_date <= {{ as_of() }}
    ) as grade
    where place = 1
)

select
    institution.object_id,
    institution.finance_institution_kind,
    institution.department,
    'finance' as field,
    institution.holder_name,
    institution.region_code,
    institution.city_code,
    institution.institution_state,
    coalesce(ratio.net_assets, equity.net_assets) as net_assets,
    ratio.guarantee_multiple_now,
    ratio.concentration_now,
    ratio.bad_loan_share_now,
    coalesce(ratio.breaches, 0) as breaches,
    coalesce(owed.reports_late_12m, 0) as reports_late_12m,
    owner.controlling_share,
    rated.credit_grade as supervision_grade,
    rated.rated_date
from {{ standing('finance_institution') }} as institution
left join ratio on ratio.object_id = institution.object_id
left join equity on equity.object_id = institution.object_id
left join owed
    on owed.object_id = institution.object_id
    and owed.form_kind = case institution.finance_institution_kind when 'JR01' then 'XD' when 'JR02' then 'DB' when 'JR04' then 'DD' end
left join owner on owner.object_id = institution.object_id
left join rated on rated.object_id = institution.object_id
where institution.institution_state <> '6'
