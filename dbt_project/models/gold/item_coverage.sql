{% set as_of %}cast('{{ var('as_of', '2000-01-01') }}' as date){% endset %}

with claim as (
    select item_code, count(*) as claims
    from {{ standing('item_claim') }}
    where claim_state = '1'
    group by item_code
),

listed as (
    select item_code, count(*) as checklists
    from {{ valid_on('checklist', as_of) }}
    group by item_code
),

item_coverage as (
    select
        item.item_code,
        item.item_name,
        item.department,
        item.measure,
        item.item_level,
        item.item_class,
        item.item_status,
        coalesce(item.item_status, '01') = '01'
            and coalesce(item.effective_date <= {{ as_of }}, true) and coalesce(item.expired_date >= {{ as_of }}, true) as is_in_force,
        coalesce(claim.claims, 0) as claims,
        coalesce(listed.checklists, 0) as checklists,
        listed.checklists is not null as has_checklist
    from {{ standing('supervision_item') }} as item
    left join claim on claim.item_code = item.item_code
    left join listed on listed.item_code = item.item_code
)

select * from item_coverage
