{#- An item is in force by its versions, which changes of the catalogue add to; by its own row where it has none. -#}

with version as (
    select item_code, max(case when coalesce(item_status, '01') = '01' then 1 else 0 end) as is_in_use
    from {{ valid_on('item_version', as_of()) }}
    group by item_code
),

versioned as (
    select distinct item_code from {{ ref('item_version') }}
),

claim as (
    select item_code, count(*) as claims
    from {{ standing('item_claim') }}
    where claim_state = '1'
    group by item_code
),

listed as (
    select item_code, count(*) as checklists
    from {{ valid_on('checklist', as_of()) }}
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
        case
            when versioned.item_code is not null then coalesce(version.is_in_use = 1, false)
            else coalesce(item.item_status, '01') = '01'
                and coalesce(item.effective_date <= {{ as_of() }}, true) and coalesce(item.expired_date >= {{ as_of() }}, true)
        end as is_in_force,
        coalesce(claim.claims, 0) as claims,
        coalesce(listed.checklists, 0) as checklists,
        listed.checklists is not null as has_checklist
    from {{ standing('supervision_item') }} as item
    left join version on version.item_code = item.item_code
    left join versioned on versioned.item_code = item.item_code
    left join claim on claim.item_code = item.item_code
    left join listed on listed.item_code = item.item_code
)

select * from item_coverage
