{#- Who is to be inspected how often: who makes what carries more risk, who supplies many shops. A firm that falls into two groups
    of one kind is in the stricter. -#}

with maker as (
    select
        object_id, holder_name, region_code, city_code,
        case when is_special then '1' when is_high_risk then '2' end as drug_check_group
    from {{ valid_on('drug_production_licence', as_of()) }}
    where withdrawn_at is null and object_id is not null and coalesce(licence_status in ('10', '09'), true)
),

trader as (
    select
        object_id, holder_name, region_code, city_code,
        case when is_cold_or_narcotic then '3' else '4' end as drug_check_group
    from {{ valid_on('drug_trade_licence', as_of()) }}
    where withdrawn_at is null and object_id is not null and coalesce(licence_status in ('10', '09'), true)
        and trade_mode in ('1', '2')
),

licensed as (
    select
        object_id,
        min(drug_check_group) as drug_check_group,
        max(holder_name) as holder_name,
        max(region_code) as region_code,
        max(city_code) as city_code
    from (select * from maker union all select * from trader) as either
    where drug_check_group is not null
    group by object_id, drug_check_group in ('1', '2')
),

spacing as (
    select '1' as drug_check_group, * from {{ limit_on('theme_limit', 'YP4-MJ') }} as one
    union all
    select '2' as drug_check_group, * from {{ limit_on('theme_limit', 'YP4-GF') }} as one
    union all
    select '3' as drug_check_group, * from {{ limit_on('theme_limit', 'YP5-LL') }} as one
    union all
    select '4' as drug_check_group, * from {{ limit_on('theme_limit', 'YP5-QT') }} as one
),

inspected as (
    select object_id, max(check_date) as last_check_date
    from {{ standing('check_action') }}
    where department = 'yjj'
    group by object_id
)

select
    licensed.object_id,
    licensed.drug_check_group,
    'yjj' as department,
    licensed.holder_name,
    licensed.region_code,
    licensed.city_code,
    cast(spacing.bound_value as bigint) as interval_days,
    inspected.last_check_date,
    coalesce(datediff({{ as_of() }}, inspected.last_check_date) <= spacing.bound_value, false) as is_checked,
    spacing.legal_basis
from licensed
left join inspected on inspected.object_id = licensed.object_id
left join spacing
    on spacing.drug_check_group = licensed.drug_check_group
    and spacing.first_day <= {{ as_of() }} and {{ as_of() }} <= spacing.last_day
