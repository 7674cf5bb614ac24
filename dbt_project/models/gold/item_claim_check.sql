{#- A name, basis or measure that a claim leaves empty is not another one. Blanks and 中华人民共和国 make no difference. -#}
with claim as (
    select
        claimed.*,
        item.item_code as listed_code,
        item.item_version as listed_version,
        item.item_name as listed_name,
        item.measure as listed_measure,
        item.legal_basis as listed_basis
    from (select * from {{ standing('item_claim') }} where claim_state = '1') as claimed
    left join {{ standing('supervision_item') }} as item on item.item_code = claimed.item_code
),

spelled as (
    select
        *
        {%- for column in ['item_name', 'listed_name', 'legal_basis', 'listed_basis'] %},
        replace(replace({{ column }}, ' ', ''), '中华人民共和国', '') as {{ column }}_spelled
        {%- endfor %}
    from claim
),

compared as (
    select
        *,
        concat_ws(
            '、',
            case when listed_code is null then '编码' end,
            case when item_name_spelled <> listed_name_spelled then '名称' end,
            case when legal_basis_spelled <> listed_basis_spelled then '依据' end,
            case when measure <> listed_measure then '类型' end
        ) as differences
    from spelled
),

item_claim_check as (
    select
        item_code, implement_institution_code, implement_institution, region_code, city_code, department,
        item_version, listed_version, item_name, listed_name, measure, listed_measure, legal_basis, listed_basis,
        differences,
        differences = '' as is_uniform
    from compared
)

select * from item_claim_check
