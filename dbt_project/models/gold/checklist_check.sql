
with asked as (
    select check_icode, item_code, count(*) as check_items
    from {{ standing('checklist_item') }}
    group by check_icode, item_code
),

checklist_check as (
    select
        listed.check_icode,
        listed.item_code,
        listed.checklist_name,
        listed.implement_institution,
        listed.region_code,
        listed.city_code,
        listed.department,
        coalesce(item.is_in_force, false) as is_known_item,
        coalesce(asked.check_items, 0) as check_items_listed,
        asked.check_items is not null as has_check_items
    from {{ valid_on('checklist', as_of()) }} as listed
    left join {{ ref('item_coverage') }} as item on item.item_code = listed.item_code
    left join asked on asked.check_icode = listed.check_icode and asked.item_code = listed.item_code
    where coalesce(listed.item_status, '01') = '01'
)

select * from checklist_check
