with statement as (
    select
        certificate_no,
        officer_name,
        id_card,
        gender,
        organisation,
        officer_nature,
        certificate_expiry_date,
        enforcement_class,
        region_code,
        _department as department,
        {{ said('officer') }}
    from {{ source('silver', 'officer') }}
    where {{ newly_accepted() }}
),

{{ words(['certificate_no'], ['officer']) }},

officer as (
    select
        standing.certificate_no,
        newest.officer_name,
        newest.id_card,
        newest.gender,
        newest.organisation,
        newest.officer_nature,
        newest.certificate_expiry_date,
        newest.enforcement_class,
        newest.region_code,
        place.city_code,
        newest.department,
        standing.withdrawn_at,
        standing._version,
        standing._stated_by,
        standing._withdrawn_by
    from standing
    {{ newest(['certificate_no']) }}
    left join {{ source('codes', 'region') }} as place on place.code = newest.region_code
    where standing.is_changed
)

select * from officer
