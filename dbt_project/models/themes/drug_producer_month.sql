{#- Final results of medicines by who made them. -#}
select
    coalesce(batch.producer_id, batch.producer_name) as producer,
    cast(trunc(batch.result_date, 'MM') as date) as month,
    max(batch.department) as department,
    max(batch.producer_id) as object_id,
    max(batch.producer_name) as producer_name,
    max(firm.city_code) as city_code,
    count(*) as batches,
    count(case when batch.is_failed then 1 end) as batches_failed
from {{ ref('drug_sampling_batch') }} as batch
left join {{ standing('supervised_object') }} as firm on firm.object_id = batch.producer_id
where batch.is_final
group by 1, 2
