{#- (ours) An item of prefectures (市级) is claimed in each of them, one of counties (县级) in each county of today. A body
    that says it has no such duty is not asked again; several bodies of a division may claim one item. -#}
with division as (
    select code, city_code, case level when 'city' then '3' else '4' end as item_level
    from {{ source('codes', 'region') }}
    where is_current and level in ('city', 'county')
),

claim as (
    select
        claimed.item_code,
        place.current_code as region_code,
        min(claimed.claim_state) as claim_state,
        min(case when claimed.claim_state = '1' then claimed.implement_institution end) as implement_institution
    from {{ standing('item_claim') }} as claimed
    join {{ source('codes', 'region') }} as place on place.code = claimed.region_code
    where claimed.claim_state in ('1', '2')
    group by claimed.item_code, place.current_code
),

item_claim_due as (
    select
        item.item_code,
        item.item_name,
        division.code as region_code,
        division.city_code,
        item.department,
        item.item_level,
        case claim.claim_state when '1' then 'claimed' when '2' then 'declined' else 'missing' end as claim_due_state,
        claim.implement_institution
    from (select * from {{ ref('item_coverage') }} where is_in_force) as item
    join division on division.item_level = item.item_level
    left join claim on claim.item_code = item.item_code and claim.region_code = division.code
)

select * from item_claim_due
