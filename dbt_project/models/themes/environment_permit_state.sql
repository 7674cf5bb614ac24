{#- Who is told to hold a pollution permit, and what became of it: the permits of today, and the units on the list of those that
    are watched for the environment (object_list 04) without one. -#}

with permitted as (
    select
        object_id,
        max(holder_name) as holder_name,
        max(region_code) as region_code,
        max(city_code) as city_code,
        min(pollution_permit_class) as pollution_permit_class,
        max(valid_until) as valid_to
    from {{ valid_on('environment_permit', as_of()) }}
    where withdrawn_at is null and object_id is not null
    group by object_id
),

listed as (
    select object_id, max(object_name) as object_name, max(region_code) as region_code, max(city_code) as city_code
    from {{ standing('object_list') }}
    where object_list = '04' and is_listed
    group by object_id
),

connected as (
    select distinct object_id from {{ standing('monitor_device') }} where monitor_device_class = 'PS' and retired_date is null
),

unit as (
    select object_id from permitted
    union
    select object_id from listed
)

select
    unit.object_id,
    'sthj' as department,
    coalesce(permitted.holder_name, listed.object_name) as holder_name,
    coalesce(permitted.region_code, listed.region_code) as region_code,
    coalesce(permitted.city_code, listed.city_code) as city_code,
    permitted.pollution_permit_class,
    permitted.valid_to,
    listed.object_id is not null as is_listed,
    permitted.object_id is not null as is_permitted,
    connected.object_id is not null as is_connected
from unit
left join permitted on permitted.object_id = unit.object_id
left join listed on listed.object_id = unit.object_id
left join connected on connected.object_id = unit.object_id
