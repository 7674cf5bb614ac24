{#- Who came to a scenic spot on a day: the whole where it was sent, else what its entrances add up to, against the capacity that
    was approved and the share from which it is near (limit WL4-YJ of that day). A day without visitors is none that was open. -#}
with counted as (
    select
        spot_code,
        visitors_date,
        max(department) as department,
        max(case when spot_entrance = '0' then visitors end) as whole,
        sum(case when spot_entrance <> '0' then visitors end) as at_gates
    from {{ standing('culture_visit_count') }}
    group by spot_code, visitors_date
),

opened as (
    select *, coalesce(whole, at_gates) as visitors from counted where coalesce(whole, at_gates) > 0
)

select
    opened.spot_code,
    opened.visitors_date,
    opened.department,
    'culture' as field,
    spot.site_name,
    spot.spot_grade,
    spot.object_id,
    spot.holder_name,
    spot.region_code,
    spot.city_code,
    opened.visitors,
    spot.capacity_day,
    cast(opened.visitors / nullif(spot.capacity_day, 0) as decimal(18,4)) as load_share,
    opened.whole is null as is_sum_of_gates,
    opened.at_gates > opened.whole as is_counted_twice,
    opened.visitors > spot.capacity_day as is_over,
    opened.visitors > near.bound_value * spot.capacity_day and opened.visitors <= spot.capacity_day as is_near,
    near.legal_basis
from opened
left join {{ standing('culture_spot') }} as spot on spot.spot_code = opened.spot_code
left join {{ limit_on('theme_limit', 'WL4-YJ') }} as near
    on near.first_day <= opened.visitors_date and opened.visitors_date <= near.last_day
