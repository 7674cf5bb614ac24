{#- Food that was sampled, by who made it: how many batches failed, and of how many what followed was done in time. -#}

with judged as (
    select
        taken.*,
        is_failed
            and (handled_date is not null or datediff({{ as_of() }}, result_date) > handling.bound_value) as is_due,
        is_failed and coalesce(datediff(handled_date, result_date) <= handling.bound_value, false) as is_handled
    from {{ sampled('sampling_result', 'scjg', ['01']) }} as taken
    left join {{ limit_on('theme_limit', 'SC5-CZ') }} as handling
        on handling.first_day <= taken.result_date and taken.result_date <= handling.last_day
)

select
    department,
    'market' as field,
    coalesce(producer_uscc, producer_name, '') as producer,
    coalesce(food_class, '') as food_class,
    coalesce(sampling_link, '') as sampling_link,
    coalesce(city_code, '{{ province() }}') as city_code,
    cast(trunc(result_date, 'MM') as date) as month,
    max(producer_uscc) as object_id,
    max(producer_name) as producer_name,
    count(*) as batches,
    count(case when is_failed then 1 end) as batches_failed,
    count(case when is_due then 1 end) as failures_due,
    count(case when is_handled then 1 end) as failures_handled
from judged
group by 1, 2, 3, 4, 5, 6, 7
