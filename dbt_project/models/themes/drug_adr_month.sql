{#- Reports by suspected batch and month, against the mean of the product's other batches in that month. How many times as many, and
    how many at least, are limits (ours): two reports beside one are no sign. -#}
with suspected as (
    select
        drug_approval_no,
        upper(replace(coalesce(batch_no, ''), ' ', '')) as batch,
        cast(trunc(reported_date, 'MM') as date) as month,
        max(department) as department,
        max(product_name) as product_name,
        max(producer_name) as producer_name,
        count(distinct report_no) as reports,
        count(distinct case when adr_report_kind in ('2', '3') or adr_outcome = '5' then report_no end) as serious_reports
    from {{ standing('drug_reaction') }}
    where drug_role = '1' and drug_approval_no is not null
    group by 1, 2, 3
),

beside as (
    select
        *,
        (sum(reports) over (partition by drug_approval_no, month) - reports)
            / nullif(count(*) over (partition by drug_approval_no, month) - 1, 0) as expected
    from suspected
)

select
    beside.drug_approval_no,
    beside.batch,
    beside.month,
    beside.department,
    'drug' as field,
    maker.object_id,
    beside.product_name,
    beside.producer_name,
    firm.city_code,
    beside.reports,
    beside.serious_reports,
    cast(beside.expected as decimal(18,2)) as expected_reports,
    cast(beside.reports / beside.expected as decimal(18,2)) as report_ratio,
    beside.batch <> ''
        and coalesce(beside.reports >= least_reports.bound_value, false)
        and coalesce(beside.reports >= times.bound_value * beside.expected, false) as is_signal
from beside
left join {{ single_names('supervised_object') }} as maker on maker.object_name = beside.producer_name
left join {{ standing('supervised_object') }} as firm on firm.object_id = maker.object_id
left join {{ limit_on('theme_limit', 'YP-XS') }} as least_reports
    on least_reports.first_day <= beside.month and beside.month <= least_reports.last_day
left join {{ limit_on('theme_limit', 'YP-XB') }} as times
    on times.first_day <= beside.month and beside.month <= times.last_day
