{#- A spot as its last statement has it, however many periods of images it came in: how long it took to look at the place (limit
    ZR8-HC of the day it was found), how much farmland it took, and whether it lies near a relic (limit WL9-JL). Relics and spots
    meet in squares of a hundredth of a degree, about a kilometre, so that not each is measured against each. -#}
{% set metres_a_degree = 111320 %}

with stated as (
    select
        *,
        row_number() over (partition by region_code, spot_no order by image_date desc) as age,
        count(*) over (partition by region_code, spot_no) as batches,
        min(found_date) over (partition by region_code, spot_no) as first_found_date
    from {{ standing('resources_change_spot') }}
),

spot as (
    select
        stated.*,
        date_add(stated.first_found_date, cast(held.bound_value as int)) as due_date,
        held.legal_basis,
        substr(stated.land_code_after, 1, 2) as land_class,
        -- 三调: what is built upon, from shops (05) to roads (10)
        substr(stated.land_code_after, 1, 2) in ('05', '06', '07', '08', '09', '10') as is_construction,
        coalesce(stated.spot_state in ('3', '4') or (stated.spot_state <> '5' and stated.spot_legality = '2'), false) as is_unlawful,
        stated.spot_state = '1' as is_open
    from stated
    left join {{ limit_on('theme_limit', 'ZR8-HC') }} as held
        on held.first_day <= stated.first_found_date and stated.first_found_date <= held.last_day
    where stated.age = 1
),

relic_square as (
    select longitude, latitude, cast(floor(longitude * 100) as bigint) + east as square_x, square_y + north as square_y
    from (
        select longitude, latitude, cast(floor(latitude * 100) as bigint) as square_y, east
        from {{ standing('culture_relic') }}
        lateral view explode(array(-1, 0, 1)) easts as east
        where longitude is not null and latitude is not null and relic_level <> 'DS'
    ) as eastward
    lateral view explode(array(-1, 0, 1)) norths as north
),

near_relic as (
    select distinct spot.region_code, spot.spot_no
    from spot
    join relic_square as relic
        on relic.square_x = cast(floor(spot.longitude * 100) as bigint)
        and relic.square_y = cast(floor(spot.latitude * 100) as bigint)
    join {{ limit_on('theme_limit', 'WL9-JL') }} as near
        on near.first_day <= {{ as_of() }} and {{ as_of() }} <= near.last_day
    where coalesce(spot.spot_state, '1') not in ('2', '5')
        and sqrt(
            power((spot.latitude - relic.latitude) * {{ metres_a_degree }}, 2)
            + power((spot.longitude - relic.longitude) * {{ metres_a_degree }} * cos(radians(relic.latitude)), 2)
        ) <= near.bound_value
)

select
    spot.region_code,
    spot.spot_no,
    spot.department,
    'resources' as field,
    spot.first_found_date as found_date,
    spot.batches,
    spot.object_id,
    spot.holder_name,
    spot.city_code,
    spot.spot_area_m2,
    spot.land_class,
    spot.farmland_m2,
    case when spot.is_construction then coalesce(spot.farmland_m2, 0) end as construction_farmland_m2,
    case when spot.is_construction and spot.is_unlawful then coalesce(spot.farmland_m2, 0) end as illegal_construction_farmland_m2,
    spot.takes_basic_farmland,
    spot.spot_legality,
    spot.spot_origin,
    spot.spot_state,
    spot.spot_verified_date,
    spot.due_date,
    spot.legal_basis,
    spot.is_construction,
    spot.is_unlawful,
    near_relic.spot_no is not null as is_near_relic,
    spot.is_open,
    not spot.is_open or spot.due_date < {{ as_of() }} as is_due,
    not spot.is_open and spot.spot_verified_date <= spot.due_date as is_decided_in_time
from spot
left join near_relic on near_relic.region_code = spot.region_code and near_relic.spot_no = spot.spot_no
