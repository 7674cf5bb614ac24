{#- Who is checked because of a score is found with more problems whatever the score is worth: random checks (双随机) are
    counted beside all of them. Scores are of a month ago, so that no check of the month is in them. -#}
with scored as (
    select
        model, model_version, object_id, as_of,
        cast(least(floor(score / 10), 9) * 10 as bigint) as score_from
    from {{ source('gold', 'risk_score_before') }}
),

checked as (
    select
        object_id, check_date,
        case when is_problem then 1 else 0 end as is_found,
        case when check_mode = '1' then 1 else 0 end as is_random
    from {{ standing('check_action') }}
    where check_date <= {{ as_of() }} and is_problem is not null
),

summed as (
    select
        scored.model, scored.model_version, scored.score_from, scored.as_of as as_of_before,
        count(distinct scored.object_id) as objects_scored,
        count(checked.object_id) as checks,
        coalesce(sum(checked.is_found), 0) as found,
        coalesce(sum(checked.is_random), 0) as random_checks,
        coalesce(sum(checked.is_found * checked.is_random), 0) as random_found
    from scored
    left join checked on checked.object_id = scored.object_id and checked.check_date > scored.as_of
    group by scored.model, scored.model_version, scored.score_from, scored.as_of
)

select
    model, model_version, score_from,
    cast(objects_scored as bigint) as objects_scored,
    cast(checks as bigint) as checks,
    cast(found as bigint) as found,
    case when checks > 0 then cast(found / checks as decimal(8,4)) end as hit_rate,
    cast(random_checks as bigint) as random_checks,
    cast(random_found as bigint) as random_found,
    as_of_before,
    {{ as_of() }} as as_of
from summed
