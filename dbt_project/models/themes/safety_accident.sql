{#- Accidents of this field's department beside the hours in which a unit must report and the days in which an inquiry must
    end, as theme_limit had them on the day. -#}

with accident as (
    select *, cast({{ day_in_china('occurred_at') }} as date) as occurred_date
    from {{ standing('accident') }}
    where department = 'yjgl' and occurred_at is not null
)

select
    accident.department,
    accident.accident_no,
    accident.accident_unit,
    'safety' as field,
    accident.object_id,
    accident.accident_kind,
    accident.occurred_at,
    accident.reported_at,
    accident.occurred_date,
    accident.region_code,
    accident.city_code,
    accident.deaths,
    accident.serious_injuries,
    accident.loss_cny,
    accident.accident_level,
    accident.level_by_harm,
    accident.closed_date,
    row_number() over (
        partition by accident.department, accident.accident_no
        order by accident.reported_at nulls last, accident.accident_unit
    ) = 1 as is_counted,
    unix_micros(accident.reported_at) - unix_micros(accident.occurred_at) <= reporting.bound_value * 3600000000 as is_reported_in_time,
    accident.accident_level = accident.level_by_harm as is_level_by_harm,
    datediff(accident.closed_date, accident.occurred_date) <= closing.bound_value as is_inquired_in_time,
    datediff({{ as_of() }}, accident.occurred_date) > closing.bound_value or accident.closed_date is not null as is_closing_due
from accident
left join {{ limit_on('theme_limit', 'AQ1-BG') }} as reporting
    on reporting.first_day <= accident.occurred_date and accident.occurred_date <= reporting.last_day
left join {{ limit_on('theme_limit', 'AQ3-DC') }} as closing
    on closing.first_day <= accident.occurred_date and accident.occurred_date <= closing.last_day
