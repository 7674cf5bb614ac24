{#- Every hidden danger of the departments of this field: what is mended is what has been accepted, whatever its state says. -#}

with hazard as (
    select
        *,
        cast({{ day_in_china('registered_at') }} as date) as found_date,
        cast({{ day_in_china('accepted_at') }} as date) as mended_date
    from {{ standing('hazard') }}
    where department in ('yjgl', 'xfj') and registered_at is not null
)

select
    department,
    hazard_code,
    object_id,
    region_code,
    city_code,
    hazard_level,
    hazard_origin,
    found_date,
    deadline,
    mended_date,
    deadline < {{ as_of() }} or mended_date is not null as is_mending_due,
    coalesce(mended_date <= deadline, false) as is_mended_in_time,
    coalesce(deadline < {{ as_of() }} and mended_date is null, false) as is_overdue,
    greatest(datediff(coalesce(mended_date, {{ as_of() }}), deadline), 0) as overdue_days
from hazard
