{#- Inspections of who held a licence to trade in food: whether they were in a county that a licence of theirs names. Divisions are
    compared as those of today; an inspection whose place is no county says nothing of it. -#}
with place as (
    select code, current_code from {{ source('codes', 'region') }} where level = 'county'
),

inspected as (
    select act.*, place.current_code as county
    from {{ standing('check_action') }} as act
    join place on place.code = act.region_code
    where act.department = 'scjg' and act.object_id is not null
)

select
    inspected.check_action_code,
    max(inspected.department) as department,
    max(inspected.object_id) as object_id,
    max(inspected.supervised_object) as supervised_object,
    max(inspected.check_date) as check_date,
    max(licence.licence_no) as licence_no,
    max(licence.region_code) as licensed_region,
    max(inspected.region_code) as region_code,
    max(inspected.city_code) as city_code,
    max(case when place.current_code = inspected.county then 1 else 0 end) = 1 as is_same_place
from inspected
join {{ standing('market_food_licence') }} as licence
    on licence.object_id = inspected.object_id
    and coalesce(licence.valid_from <= inspected.check_date, true)
    and coalesce(licence.valid_until >= inspected.check_date, true)
join place on place.code = licence.region_code
group by inspected.check_action_code
