{#- Every ratio that a law limits, of every organisation and period that its form covers. A ratio without items below it is the
    figure itself. Which limit a guarantor's multiple has depends on whom it serves. -#}
{% set ratios = [
    ('JR01', ['DB18'], ['DB03'], 'JR1-BS'),
    ('JR02A', ['DB19'], ['DB03'], 'JR2-DH'),
    ('JR02B', ['DB20'], ['DB03'], 'JR2-GL'),
    ('JR03', ['DB21'], [], 'JR3-GD'),
    ('JR04A', ['XD91'], ['XD95'], 'JR4-DH'),
    ('JR04B', ['XD92'], ['XD95'], 'JR4-GL'),
    ('JR05A', ['XD93'], ['XD95'], 'JR5-FB'),
    ('JR05B', ['XD94'], ['XD95'], 'JR5-BZ'),
    ('JR06A', ['XD96'], [], 'JR6-XF'),
    ('JR06B', ['XD97'], [], 'JR6-JY'),
    ('JR07', ['XD53', 'XD54', 'XD55'], ['XD07'], 'JR7-BL'),
    ('JR08', ['DB12'], ['DB17'], 'JR8-DC'),
    ('JR09A', ['DD05'], ['DD12'], 'JR9-FD'),
    ('JR09B', ['DD13'], ['DD12'], 'JR9-DB'),
    ('JR09C', ['DD10'], ['DD09'], 'JR9-RZ'),
    ('JR13', ['XD73'], [], 'JR13-LL'),
] %}

with part as (
    {% for code, above, below, limit in ratios -%}
    {% set outer = loop -%}
    {% for item in above + below -%}
    select
        '{{ code }}' as ratio_code, '{{ item }}' as finance_item, {{ item in above }} as is_above,
        {{ below | length > 0 }} as has_below, '{{ limit }}' as limit_code
    {%- if not (loop.last and outer.last) %}
    union all
    {% endif %}
    {%- endfor %}
    {%- endfor %}
),

told as (
    select object_id, month, finance_item, figure_value, department, region_code, city_code
    from {{ standing('finance_figure') }}
    where object_id is not null
),

-- what is guaranteed stands for what the guarantor answers for, where the form has not that
liable as (
    select * from told
    union all
    select object_id, month, 'DB18', figure_value, department, region_code, city_code
    from told
    where finance_item = 'DB04'
        and concat(object_id, cast(month as string)) not in (
            select concat(object_id, cast(month as string)) from told where finance_item = 'DB18'
        )
),

small as (
    select
        object_id, month,
        sum(case when finance_item in ('DB05', 'DB06') then figure_value else 0 end)
            / nullif(sum(case when finance_item = 'DB04' then figure_value end), 0) as small_share
    from told
    where finance_item in ('DB04', 'DB05', 'DB06')
    group by object_id, month
),

ratio as (
    select
        liable.object_id,
        liable.month,
        part.ratio_code,
        max(liable.department) as department,
        max(liable.region_code) as region_code,
        max(liable.city_code) as city_code,
        max(part.limit_code) as limit_code,
        max(case when part.has_below then 1 else 0 end) = 1 as has_below,
        sum(case when part.is_above then liable.figure_value end) as above_value,
        sum(case when not part.is_above then liable.figure_value end) as below_value
    from liable
    join part on part.finance_item = liable.finance_item
    group by liable.object_id, liable.month, part.ratio_code
),

known as (
    select
        ratio.*,
        cast(case when has_below then above_value / below_value else above_value end as decimal(22,4)) as ratio_value,
        last_day(ratio.month) as last_day_told
    from ratio
    where above_value is not null and (not has_below or below_value > 0)
),

served as (
    select
        known.*,
        case when known.ratio_code = 'JR01' and small.small_share >= mainly.bound_value then 'JR1-XN' else known.limit_code end
            as own_limit
    from known
    left join small on small.object_id = known.object_id and small.month = known.month
    left join {{ limit_on('theme_limit', 'JR1-ZB') }} as mainly
        on mainly.first_day <= known.last_day_told and known.last_day_told <= mainly.last_day
),

limited as (
    select
        served.*,
        held.bound_value as held_limit,
        held.legal_basis,
        cast((held.bound_value - served.ratio_value) / nullif(held.bound_value, 0) as decimal(22,4)) as distance
    from served
    left join {{ limit_on('theme_limit', 'JR%') }} as held
        on held.limit_code = served.own_limit
        and held.first_day <= served.last_day_told and served.last_day_told <= held.last_day
),

compared as (
    select
        *,
        lag(distance) over (partition by object_id, ratio_code order by month) as distance_before,
        lag(distance, 2) over (partition by object_id, ratio_code order by month) as distance_two_before,
        row_number() over (partition by object_id, ratio_code order by month desc) = 1 as is_latest
    from limited
),

institution as (
    select object_id, max(holder_name) as holder_name from {{ standing('finance_institution') }} group by object_id
)

select
    compared.object_id,
    compared.month,
    compared.ratio_code,
    compared.department,
    'finance' as field,
    institution.holder_name,
    compared.region_code,
    compared.city_code,
    cast(compared.above_value as decimal(22,4)) as above_value,
    cast(compared.below_value as decimal(22,4)) as below_value,
    compared.ratio_value,
    compared.held_limit,
    compared.distance,
    compared.ratio_value > compared.held_limit as is_over_limit,
    coalesce(compared.distance >= 0 and compared.distance < 0.1, false) as is_close,
    coalesce(
        compared.distance < compared.distance_before
        and compared.distance_before < compared.distance_two_before
        and compared.distance < 0.3,
        false
    ) as is_shrinking,
    compared.is_latest,
    compared.legal_basis
from compared
left join institution on institution.object_id = compared.object_id
