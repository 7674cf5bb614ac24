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
        {{ version() }} as _version
    from {{ source('silver', 'supervision_item') }}
    where {{ newly_accepted() }}
),

newest as (
    {{ newest('statement', ['item_code']) }}
),

item as (
    select
        newest.item_code,
        newest.item_name,
        newest.sub_item_name,
        newest.supervision_department,
        newest.supervised_object_class,
        newest.measure,
        newest.legal_basis,
        newest.item_level,
        newest.item_class,
        newest.item_status,
        newest._version
    from newest
    {{ unless_known_newer('newest', ['item_code']) }}
)

select * from item
