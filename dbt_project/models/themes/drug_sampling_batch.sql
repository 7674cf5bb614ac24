{#- Batches of medicines by where they were sampled. A re-test comes in a later bulletin: the newest result decides. -#}

with taken as (
    select *, upper(replace(batch_no, ' ', '')) as batch from {{ sampled('sampling_result', 'yjj', ['02']) }} as one
),

batch as (
    select
        product_name,
        coalesce(producer_name, '') as producer_name,
        coalesce(batch, '') as batch,
        sampled_unit,
        max(department) as department,
        max(sampled_object) as object_id,
        max(producer_uscc) as producer_uscc,
        max(sampling_link) as sampling_link,
        max(region_code) as region_code,
        max(city_code) as city_code,
        max(result_date) as result_date,
        max_by(is_failed, result_date) as is_failed,
        max_by(failed_items, result_date) as failed_items,
        count(*) as results
    from taken
    group by product_name, coalesce(producer_name, ''), coalesce(batch, ''), sampled_unit
)

select
    batch.product_name,
    batch.producer_name,
    batch.batch,
    batch.sampled_unit,
    batch.department,
    'drug' as field,
    batch.object_id,
    coalesce(batch.producer_uscc, maker.object_id) as producer_id,
    batch.sampling_link,
    batch.region_code,
    batch.city_code,
    batch.result_date,
    batch.is_failed,
    nullif(batch.failed_items, '') as failed_items,
    coalesce(datediff({{ as_of() }}, batch.result_date) > asking.bound_value, false) as is_final,
    batch.results,
    asking.legal_basis
from batch
left join {{ single_names('supervised_object') }} as maker on maker.object_name = batch.producer_name
left join {{ limit_on('theme_limit', 'YP2-FJ') }} as asking
    on asking.first_day <= batch.result_date and batch.result_date <= asking.last_day
