{#- Who has held which kind of licence, and whether one of it holds today. A licence that was given up or taken away (03, 04, 05)
    says that its holder works no more, unless there is another. (ours) Soon is 90 days. -#}

with licence as (
    select
        licence_kind, department, object_id, holder_name, city_code, region_code,
        coalesce(object_id, holder_name) as holder,
        coalesce(valid_to, date'9999-12-31') as last_day,
        coalesce(licence_status in ('03', '04', '05'), false) as is_ended,
        coalesce(valid_from <= {{ as_of() }}, true) and coalesce(valid_to >= {{ as_of() }}, true)
            and coalesce(licence_status in ('10', '09'), true) as is_held
    from {{ standing('licence') }}
),

licence_holding as (
    select
        department,
        licence_kind,
        holder,
        max(object_id) as object_id,
        max(holder_name) as holder_name,
        max(city_code) as city_code,
        max(region_code) as region_code,
        nullif(max(case when is_held then last_day end), date'9999-12-31') as valid_to,
        max(case when is_held then 1 else 0 end) = 1 as is_licensed,
        max(case when is_held or not is_ended then 1 else 0 end) = 1 as is_operating,
        max(case when is_held and last_day <= date_add({{ as_of() }}, 90) then 1 else 0 end) = 1 as is_expiring,
        max(case when is_held and last_day <= date_add({{ as_of() }}, 90) then 1 else 0 end) = 1
            and max(case when is_held or last_day > date_add({{ as_of() }}, 90) then last_day end)
                <= date_add({{ as_of() }}, 90) as is_unrenewed
    from licence
    where holder is not null
    group by department, licence_kind, holder
)

select * from licence_holding
