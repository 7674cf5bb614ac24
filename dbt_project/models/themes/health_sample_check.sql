{#- Samples by all their items. A result such as <0.05 is below that number, 未检出 below every: both keep an upper limit and break a
    lower one. What is no number is left to the laboratory's conclusion. -#}
with item as (
    select
        *,
        result_value = '未检出' as is_nothing,
        substr(result_value, 1, 1) in ('<', '＜') as is_below,
        try_cast(regexp_replace(result_value, '[<＜≤ ]', '') as decimal(18,6)) as measured
    from {{ standing('health_sample') }}
),

compared as (
    select
        item.*,
        coalesce(item.is_nothing or item.measured < low.bound_value or (item.is_below and item.measured <= low.bound_value), false)
            and low.bound_value is not null as is_too_low,
        coalesce(item.measured > high.bound_value and not item.is_below, false) as is_too_high
    from item
    left join {{ limit_on('theme_limit', 'WJ7-%') }} as low
        on low.limit_code = item.limit_low and item.sampling_point = '2'
        and low.first_day <= item.sampling_date and item.sampling_date <= low.last_day
    left join {{ limit_on('theme_limit', 'WJ7-%') }} as high
        on high.limit_code = item.limit_high and item.sampling_point in ('1', '2', '3')
        and high.first_day <= item.sampling_date and item.sampling_date <= high.last_day
)

select
    sampling_no,
    max(department) as department,
    max(sampling_date) as sampling_date,
    max(object_id) as object_id,
    max(sampled_unit) as sampled_unit,
    max(sampling_point) as sampling_point,
    max(region_code) as region_code,
    max(city_code) as city_code,
    count(*) as items,
    sum(case when conclusion = '2' then 1 else 0 end) as items_failed,
    sum(case when is_too_low or is_too_high then 1 else 0 end) as items_beyond_limit,
    sum(case when conclusion = '2' or is_too_low or is_too_high then 1 else 0 end) = 0 as is_conforming
from compared
group by sampling_no
