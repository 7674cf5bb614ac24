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
        {{ version() }} as _version
    from {{ source('silver', 'officer') }}
    where {{ newly_accepted() }}
),

newest as (
    {{ newest('statement', ['certificate_no']) }}
),

officer as (
    select
        newest.certificate_no,
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
        newest._version
    from newest
    left join {{ source('codes', 'region') }} as place on place.code = newest.region_code
    {{ unless_known_newer('newest', ['certificate_no']) }}
)

select * from officer
