{#- The days on which hidden dangers stood open, of the last year alone: (ours) no figure looks further back. A danger is open
    from the day on which it was registered to the day before it was mended. -#}

with open_spell as (
    select
        *,
        greatest(found_date, date_sub({{ as_of() }}, 365)) as first_day,
        least(coalesce(date_sub(mended_date, 1), {{ as_of() }}), {{ as_of() }}) as last_day
    from {{ ref('safety_hazard_check') }}
    where object_id is not null
),

open_day as (
    select
        department, object_id, hazard_level, region_code, city_code, deadline, cast(day as date) as day
    from open_spell
    lateral view explode(sequence(first_day, last_day, interval 1 day)) days as day
    where first_day <= last_day
)

select
    department,
    object_id,
    hazard_level,
    day,
    max(region_code) as region_code,
    max(city_code) as city_code,
    count(*) as open_hazards,
    sum(case when deadline < day then 1 else 0 end) as overdue_hazards
from open_day
group by department, object_id, hazard_level, day
