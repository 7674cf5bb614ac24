{#- Which of the four things every relic of a graded level must have (文物保护法 art. 26) it has. Whose it is follows from the
    register of elements, where an owner without a code is found by name. -#}
with relic as (
    select
        *,
        concat_ws(
            '、',
            case when protection_zone is null then '保护范围' end,
            case when coalesce(has_marker, '0') <> '1' then '标志说明' end,
            case when coalesce(has_archive, '0') <> '1' then '记录档案' end,
            case when coalesce(has_keeper, '0') <> '1' then '专门机构或专人' end
        ) as lacking
    from {{ standing('culture_relic') }}
    where relic_level <> 'DS'
)

select
    relic.relic_code,
    relic.department,
    relic.relic_name,
    relic.relic_level,
    relic.relic_category,
    coalesce(relic.object_id, element.object_id) as object_id,
    relic.holder_name,
    relic.region_code,
    relic.city_code,
    relic.lacking,
    relic.lacking = '' as is_complete,
    coalesce(relic.is_keeper_public, '0') = '1' as is_public
from relic
left join {{ standing('special_element') }} as element
    on element.department = relic.department and element.element_code = relic.relic_code
