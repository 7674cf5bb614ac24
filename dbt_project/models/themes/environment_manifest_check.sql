{#- Every manifest that has left its producer: whether it came to its end in time, whether what arrived is what left, and whether
    the receiver was licensed for the waste on that day. Days and shares are limits of theme_limit, with the law that held. -#}

with manifest as (
    select
        *,
        cast({{ day_in_china('shipped_at') }} as date) as shipped_date,
        cast({{ day_in_china('received_at_place') }} as date) as received_date
    from {{ standing('environment_manifest') }}
    where shipped_at is not null and manifest_state in ('4', '5')
),

licensed as (
    select distinct manifest.manifest_no
    from manifest
    join {{ standing('environment_hazwaste_licence') }} as licence
        on licence.object_id = manifest.receiver_uscc
        and array_contains(licence.waste_classes, manifest.waste_class)
        and coalesce(licence.valid_from <= manifest.shipped_date, true)
        and coalesce(licence.valid_until >= manifest.shipped_date, true)
),

manifest_check as (
    select
        manifest.manifest_no,
        manifest.department,
        manifest.object_id,
        manifest.receiver_uscc,
        manifest.waste_code,
        manifest.shipped_date,
        manifest.received_date,
        manifest.region_code,
        manifest.city_code,
        manifest.shipped_t,
        manifest.received_t,
        manifest.manifest_state,
        cast(closing.bound_value as bigint) as closing_days,
        closing.legal_basis,
        manifest.manifest_state = '5'
            and datediff(manifest.received_date, manifest.shipped_date) <= closing.bound_value as is_closed_in_time,
        datediff({{ as_of() }}, manifest.shipped_date) > closing.bound_value or manifest.manifest_state = '5' as is_due,
        abs(manifest.shipped_t - manifest.received_t) > differing.bound_value * manifest.shipped_t as is_differing,
        licensed.manifest_no is not null as is_receiver_licensed
    from manifest
    left join licensed on licensed.manifest_no = manifest.manifest_no
    left join {{ limit_on('theme_limit', 'HJ7-BJ') }} as closing
        on closing.first_day <= manifest.shipped_date and manifest.shipped_date <= closing.last_day
    left join {{ limit_on('theme_limit', 'HJ7-CY') }} as differing
        on differing.first_day <= manifest.shipped_date and manifest.shipped_date <= differing.last_day
)

select * from manifest_check
