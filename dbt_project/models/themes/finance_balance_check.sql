{#- What a form says beside what its parts come to. Sums of parts are judged where the whole and any of its parts are there; how
    far they may differ is a limit of theme_limit, a share of the larger of both. -#}
{% set sums = [
    ('XD_modes', 'XD07', ['XD11', 'XD12', 'XD14', 'XD15']),
    ('XD_amounts', 'XD07', ['XD31', 'XD32', 'XD33', 'XD34']),
    ('XD_terms', 'XD07', ['XD41', 'XD42', 'XD43', 'XD44']),
    ('XD_classes', 'XD07', ['XD51', 'XD52', 'XD53', 'XD54', 'XD55']),
    ('XD_balance', 'XD63', ['XD64', 'XD65']),
    ('DD_kinds', 'DD03', ['DD04', 'DD05', 'DD06']),
] %}

with part as (
    {% for code, whole, parts in sums -%}
    {% set outer = loop -%}
    {% for item in [whole] + parts -%}
    select '{{ code }}' as identity_code, '{{ item }}' as finance_item, {{ item == whole }} as is_whole
    {%- if not (loop.last and outer.last) %}
    union all
    {% endif %}
    {%- endfor %}
    {%- endfor %}
),

told as (
    select
        *,
        case when figure = 0 then 1 else figure_value / figure end as unit_value,
        add_months(month, -1) as month_before
    from {{ standing('finance_figure') }}
    where object_id is not null
),

-- an item by itself, of the month and of the month before
item as (
    select
        object_id, month, max(month_before) as month_before,
        max(department) as department, max(region_code) as region_code, max(city_code) as city_code,
        max(case when finance_item = 'XD07' then figure_value end) as loans,
        max(case when finance_item = 'XD07' then last_figure * unit_value end) as loans_before_told,
        max(case when finance_item = 'XD05' then figure_value end) as lent,
        max(case when finance_item = 'XD06' then figure_value end) as repaid,
        max(case when finance_item = 'DB04' then figure_value end) as guaranteed,
        max(case when finance_item = 'DB03' then figure_value end) as net_assets,
        max(case when finance_item = 'DB11' then figure_value end) as multiple,
        sum(case when finance_item between 'XD07' and 'XD55' then least(figure_value, 0) end) as below_zero
    from told
    group by object_id, month
),

identity as (
    select
        told.object_id, told.month, part.identity_code,
        max(told.department) as department, max(told.region_code) as region_code, max(told.city_code) as city_code,
        sum(case when part.is_whole then told.figure_value end) as told_value,
        sum(case when not part.is_whole then told.figure_value end) as parts_value
    from told
    join part on part.finance_item = told.finance_item
    group by told.object_id, told.month, part.identity_code
    union all
    select
        item.object_id, item.month, 'XD_flow', item.department, item.region_code, item.city_code,
        item.loans, before.loans + item.lent - item.repaid
    from item
    join item as before on before.object_id = item.object_id and before.month = item.month_before
    union all
    select
        item.object_id, item.month, 'XD_carried', item.department, item.region_code, item.city_code,
        item.loans_before_told, before.loans
    from item
    join item as before on before.object_id = item.object_id and before.month = item.month_before
    union all
    select
        object_id, month, 'DB_multiple', department, region_code, city_code, multiple, guaranteed / nullif(net_assets, 0)
    from item
    union all
    select object_id, month, 'XD_negative', department, region_code, city_code, below_zero, 0
    from item
    where loans is not null
),

compared as (
    select
        identity.*,
        last_day(identity.month) as last_day_told,
        -- a multiple is told with one place
        case when identity.identity_code = 'DB_multiple' then 0.05 else 1 end as rounding
    from identity
    where identity.told_value is not null and identity.parts_value is not null
),

institution as (
    select object_id, max(holder_name) as holder_name from {{ standing('finance_institution') }} group by object_id
)

select
    compared.object_id,
    compared.month,
    compared.identity_code,
    compared.department,
    'finance' as field,
    institution.holder_name,
    compared.region_code,
    compared.city_code,
    cast(compared.told_value as decimal(22,4)) as told_value,
    cast(compared.parts_value as decimal(22,4)) as parts_value,
    cast(compared.told_value - compared.parts_value as decimal(22,4)) as difference,
    abs(compared.told_value - compared.parts_value) > compared.rounding + coalesce(
        allowed.bound_value * greatest(abs(compared.told_value), abs(compared.parts_value)), 0
    ) as is_broken
from compared
left join {{ limit_on('theme_limit', 'JR12-CE') }} as allowed
    on allowed.first_day <= compared.last_day_told and compared.last_day_told <= allowed.last_day
left join institution on institution.object_id = compared.object_id
