{#- A mine in a year: what it took out against its capacity (limit ZR9-CG of the year's last day), whether licence and right both
    held then, and what it restored. The year that is running ends today. -#}

with survey as (
    select *, least(make_date(cast(survey_year as int), 12, 31), {{ as_of() }}) as year_end_date
    from {{ standing('resources_mine_survey') }}
    where make_date(cast(survey_year as int), 1, 1) <= {{ as_of() }}
)

select
    survey.mine_code,
    survey.survey_year,
    survey.department,
    'resources' as field,
    survey.year_end_date,
    survey.mine_name,
    coalesce(mine.mineral, survey.mineral) as mineral,
    survey.mine_scale,
    survey.licence_no,
    mine.object_id,
    mine.holder_name,
    survey.region_code,
    survey.city_code,
    coalesce(mine.mine_capacity, survey.mine_capacity) as mine_capacity,
    survey.output_year,
    survey.restoration_due_m2,
    survey.restored_m2,
    case when survey.accepted_date <= survey.year_end_date then least(survey.restored_m2, survey.restoration_due_m2) end as accepted_m2,
    survey.mine_deposit_cny,
    held.legal_basis,
    survey.mine_state = '1' as is_producing,
    coalesce(
        mine.valid_from <= survey.year_end_date
        and coalesce(mine.valid_until >= survey.year_end_date, true)
        and coalesce(mine.right_valid_to >= survey.year_end_date, true)
        and coalesce(mine.licence_status, '10') in ('10', '02'),
        false
    ) as has_licence,
    survey.output_year > held.bound_value * coalesce(mine.mine_capacity, survey.mine_capacity) as is_over_capacity
from survey
left join {{ standing('resources_mining_right') }} as mine
    on mine.licence_no = survey.licence_no and mine.licence_kind = 'ZR01'
left join {{ limit_on('theme_limit', 'ZR9-CG') }} as held
    on held.first_day <= survey.year_end_date and survey.year_end_date <= held.last_day
