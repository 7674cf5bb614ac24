{#- Every licensed venue that is open today: whether it has its fire certificate and exits enough, and an internet café whether
    it lies far enough from schools, by the limits of the day. -#}
{% set codes = {'distance_m': 'WL5-JL', 'exits': 'WL6-CK'} %}

with venue as (
    select
        venue.*,
        held.legal_basis as distance_basis,
        case when venue.venue_kind = '3' then venue.school_distance_m < held.distance_m end as is_near_school,
        venue.fire_certificate_no is not null as has_fire_certificate,
        coalesce(venue.venue_kind <> '3' and venue.venue_exits < held.exits, false) as lacks_exits
    from {{ valid_on('culture_venue', as_of()) }} as venue
    cross join {{ limits_held(codes, as_of()) }} as held
    where venue.withdrawn_at is null and coalesce(venue.licence_status, '10') = '10' and coalesce(venue.venue_state, '1') = '1'
)

select
    licence_kind,
    licence_no,
    {{ as_of() }} as as_of,
    department,
    venue_kind,
    object_id,
    holder_name,
    region_code,
    city_code,
    venue_capacity,
    venue_exits,
    school_distance_m,
    distance_basis as legal_basis,
    is_near_school,
    has_fire_certificate,
    not has_fire_certificate or lacks_exits or coalesce(is_near_school, false) as is_unfit
from venue
