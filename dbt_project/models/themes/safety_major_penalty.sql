{#- Three such penalties in 180 days, or four in a year, are what the law closes a firm for; the risk model counts them. -#}
with matched as (
    select
        punish.*,
        hazard.hazard_code,
        hazard.found_date as hazard_registered_date,
        row_number() over (
            partition by punish.department, punish.punish_action_code order by hazard.found_date, hazard.hazard_code
        ) as place
    from {{ standing('punish_action') }} as punish
    join {{ ref('safety_hazard_check') }} as hazard
        on hazard.object_id = punish.object_id
        and hazard.hazard_level = '1'
        and hazard.found_date <= punish.punish_date
        and coalesce(hazard.mended_date > punish.punish_date, true)
    where punish.department in ('yjgl', 'xfj')
)

select
    department, punish_action_code, punish_date, object_id, region_code, city_code, punish_kind, fine_cny, hazard_code,
    hazard_registered_date
from matched
where place = 1
