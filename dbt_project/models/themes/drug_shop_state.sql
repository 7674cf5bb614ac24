{#- Shops that sell medicines, and how many pharmacists are registered there today. -#}

with shop as (
    select
        object_id,
        max(department) as department,
        max(holder_name) as holder_name,
        max(valid_to) as valid_to,
        max(region_code) as region_code,
        max(city_code) as city_code
    from {{ valid_on('drug_trade_licence', as_of()) }}
    where withdrawn_at is null and trade_mode = '3' and object_id is not null
        and coalesce(licence_status in ('10', '09'), true)
    group by object_id
),

registered as (
    select object_id, count(*) as pharmacists
    from {{ valid_on('drug_pharmacist', as_of()) }}
    where withdrawn_at is null
    group by object_id
)

select
    shop.*,
    coalesce(registered.pharmacists, 0) as pharmacists,
    registered.object_id is not null as is_staffed
from shop
left join registered on registered.object_id = shop.object_id
