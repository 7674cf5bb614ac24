{#- Terms that run with land: a plot must be begun a year after the day that its contract names, or costs a fee, and two years after
    it, or may be taken back; it must be completed; land used for a time goes back after two years or four, and is fit again a year
    later. Years and shares are limits of theme_limit as they held on the day that the term began. -#}

with started as (
    {%- for clock, code in [('1', 'ZR3-XZ1'), ('2', 'ZR3-XZ2')] %}
    select
        '{{ clock }}' as land_clock, granted.contract_no, granted.holder_name, granted.department, granted.object_id,
        granted.region_code, granted.city_code, granted.plot_area_m2 as land_m2, granted.price_cny,
        add_months(granted.start_due_date, 12 * cast(held.bound_value as int)) as due_date,
        granted.begun_date as done_date, held.legal_basis, fee.bound_value as fee_share
    from {{ standing('resources_land_grant') }} as granted
    join {{ limit_on('theme_limit', code) }} as held
        on held.first_day <= granted.start_due_date and granted.start_due_date <= held.last_day
    left join {{ limit_on('theme_limit', 'ZR3-XZF') }} as fee
        on fee.first_day <= granted.start_due_date and granted.start_due_date <= fee.last_day
    union all
    {%- endfor %}
    select
        '3' as land_clock, granted.contract_no, granted.holder_name, granted.department, granted.object_id,
        granted.region_code, granted.city_code, granted.plot_area_m2 as land_m2, granted.price_cny,
        granted.finish_due_date as due_date, granted.completed_date as done_date, null as legal_basis, null as fee_share
    from {{ standing('resources_land_grant') }} as granted
),

lent as (
    select
        land.*,
        coalesce(longer.legal_basis, held.legal_basis) as legal_basis,
        reclaim.bound_value as reclaim_years,
        reclaim.legal_basis as reclaim_basis,
        -- No longer than the law lets it, whatever was approved.
        least(
            land.used_to,
            date_sub(add_months(land.used_from, 12 * cast(coalesce(longer.bound_value, held.bound_value) as int)), 1)
        ) as until_date
    from {{ standing('resources_temp_land') }} as land
    left join {{ limit_on('theme_limit', 'ZR4-LS') }} as held
        on held.first_day <= land.used_from and land.used_from <= held.last_day
    left join {{ limit_on('theme_limit', 'ZR4-JC') }} as longer
        on land.temp_land_use in ('3', '4', '5')
        and longer.first_day <= land.used_from and land.used_from <= longer.last_day
    left join {{ limit_on('theme_limit', 'ZR4-FK') }} as reclaim
        on reclaim.first_day <= land.used_to and land.used_to <= reclaim.last_day
),

clock as (
    select * from started
    union all
    select
        '4' as land_clock, temp_land_no as contract_no, holder_name, department, object_id, region_code, city_code,
        temp_land_m2 as land_m2, null as price_cny, until_date as due_date, given_back_date as done_date, legal_basis,
        null as fee_share
    from lent
    union all
    select
        '5' as land_clock, temp_land_no as contract_no, holder_name, department, object_id, region_code, city_code,
        temp_land_m2 as land_m2, null as price_cny, add_months(until_date, 12 * cast(reclaim_years as int)) as due_date,
        reclaimed_date as done_date, reclaim_basis as legal_basis, null as fee_share
    from lent
),

told as (
    select
        *,
        due_date < {{ as_of() }} or (due_date = {{ as_of() }} and done_date is not null) as is_due,
        done_date is null as is_undone,
        coalesce(done_date, {{ as_of() }}) > due_date as is_past
    from clock
    where due_date is not null
)

select
    land_clock,
    contract_no,
    holder_name,
    department,
    'resources' as field,
    object_id,
    region_code,
    city_code,
    due_date,
    done_date,
    case when is_past then datediff(coalesce(done_date, {{ as_of() }}), due_date) else 0 end as days_late,
    land_m2,
    case when land_clock = '1' and is_due and is_undone then land_m2 end as idle_m2,
    cast(price_cny as decimal(20,2)) as price_cny,
    case when land_clock = '1' and is_past then cast(price_cny * fee_share as decimal(18,2)) end as fee_cny,
    legal_basis,
    is_due,
    is_due and is_undone as is_open,
    is_due and is_past as is_overdue
from told
