{#- Public places as of today: rechecked in time, sampled in time, and how they were graded last. A place without a code cannot be
    found among samples, which name units by code. -#}

with sampled as (
    select object_id, max(sampling_date) as last_sampling_date
    from {{ standing('health_sample') }}
    where object_id is not null and sampling_date <= {{ as_of() }}
    group by object_id
),

graded as (
    select licence_no, rated_date, hygiene_level, hygiene_score
    from (
        select *, row_number() over (partition by licence_no order by rated_date desc) as place
        from {{ standing('health_grade') }}
        where rated_date <= {{ as_of() }}
    ) as rated
    where place = 1
)

select
    public_place.licence_no,
    public_place.department,
    'health' as field,
    public_place.object_id,
    public_place.holder_name,
    public_place.place_kind,
    public_place.region_code,
    public_place.city_code,
    public_place.rechecked_date,
    sampled.last_sampling_date,
    graded.rated_date as last_rated_date,
    graded.hygiene_level,
    graded.hygiene_score,
    public_place.object_id is not null as is_known,
    coalesce(
        add_months(coalesce(public_place.rechecked_date, public_place.valid_from), cast(recheck.bound_value as int)) >= {{ as_of() }},
        false
    ) as is_rechecked,
    coalesce(add_months(sampled.last_sampling_date, cast(testing.bound_value as int)) >= {{ as_of() }}, false) as is_sampled,
    graded.licence_no is not null as is_graded,
    coalesce(graded.hygiene_score < score.bound_value, false) as is_grade_odd
from {{ valid_on('health_place', as_of()) }} as public_place
left join sampled on sampled.object_id = public_place.object_id
left join graded on graded.licence_no = public_place.licence_no
left join {{ limit_on('theme_limit', 'WJ5-FH') }} as recheck on recheck.first_day <= {{ as_of() }} and {{ as_of() }} <= recheck.last_day
left join {{ limit_on('theme_limit', 'WJ6-JC') }} as testing on testing.first_day <= {{ as_of() }} and {{ as_of() }} <= testing.last_day
left join {{ limit_on('theme_limit', 'WJA-%') }} as score
    on score.limit_code = concat('WJA-', graded.hygiene_level)
    and score.first_day <= graded.rated_date and graded.rated_date <= score.last_day
where public_place.withdrawn_at is null
    and coalesce(public_place.licence_status not in ('03', '04', '05'), true)
