with statement as (
    select
        _department as department,
        complaint_no,
        complaint_kind,
        complaint_channel,
        problem_class,
        complainant_name,
        complainant_phone,
        complained_name,
        complained_uscc as object_id,
        region_code,
        complaint_matter,
        disputed_cny,
        received_date,
        decided_date,
        is_accepted,
        closed_date,
        redeemed_cny,
        {{ said('complaint') }}
    from {{ source('silver', 'complaint') }}
    where {{ newly_accepted() }}
),

{{ words(['department', 'complaint_no'], ['complaint']) }},

complaint as (
    select
        standing.department,
        standing.complaint_no,
        newest.complaint_kind,
        newest.complaint_channel,
        newest.problem_class,
        newest.complainant_name,
        newest.complainant_phone,
        newest.complained_name,
        newest.object_id,
        newest.region_code,
        coalesce(place.city_code, origin.city_code) as city_code,
        newest.complaint_matter,
        newest.disputed_cny,
        newest.received_date,
        newest.decided_date,
        newest.is_accepted,
        newest.closed_date,
        newest.redeemed_cny,
        standing.withdrawn_at,
        standing._version,
        standing._withdrawn_version
    from standing
    {{ newest(['department', 'complaint_no']) }}
    {{ cities_of('newest') }}
    where standing.is_changed
)

select * from complaint
