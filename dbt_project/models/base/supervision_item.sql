with statement as (
    select
        item_code,
        item_name,
        sub_item_name,
        supervision_department,
        supervised_object_class,
        measure,
        legal_basis,
        item_level,
        item_class,
        item_status,
        {{ said('supervision_item') }}
    from {{ source('silver', 'supervision_item') }}
    where {{ newly_accepted() }}
),

{{ words(['item_code'], ['supervision_item']) }},

item as (
    select
        standing.item_code,
        newest.item_name,
        newest.sub_item_name,
        newest.supervision_department,
        newest.supervised_object_class,
        newest.measure,
        newest.legal_basis,
        newest.item_level,
        newest.item_class,
        newest.item_status,
        standing.withdrawn_at,
        standing._version,
        standing._stated_by,
        standing._withdrawn_by
    from standing
    {{ newest(['item_code']) }}
    where standing.is_changed
)

select * from item
