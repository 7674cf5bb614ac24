{#- Whose grade is another than a month ago, and why: points of reasons that came, went or changed. Both scores are by the same
    version and by what is known today, so that a difference is the object's, not the model's or a late file's. -#}
with pair as (
    select
        today.model, today.model_version, today.object_id, today.object_name, today.city_code, today.industry_section,
        before.score as score_before, before.grade as grade_before, today.score, today.grade,
        before.as_of as as_of_before, today.as_of,
        today.reasons, before.reasons as reasons_before
    from {{ source('gold', 'risk_score') }} as today
    join {{ source('gold', 'risk_score_before') }} as before
        on before.model = today.model and before.object_id = today.object_id
    where before.grade <> today.grade
),

-- Every reason of either day, once.
reason as (
    select
        pair.model, pair.object_id, reason.indicator, max(reason.label) as label,
        sum(reason.points) as points, cast(0 as decimal(6,2)) as points_before
    from pair
    lateral view explode(pair.reasons) exploded as reason
    group by pair.model, pair.object_id, reason.indicator
    union all
    select
        pair.model, pair.object_id, reason.indicator, max(reason.label) as label,
        cast(0 as decimal(6,2)) as points, sum(reason.points) as points_before
    from pair
    lateral view explode(pair.reasons_before) exploded as reason
    group by pair.model, pair.object_id, reason.indicator
),

moved as (
    select
        model, object_id, indicator, max(label) as label,
        cast(sum(points) - sum(points_before) as decimal(6,2)) as moved_by
    from reason
    group by model, object_id, indicator
    having sum(points) <> sum(points_before)
),

told as (
    select
        model, object_id,
        transform(
            array_sort(collect_list(named_struct(
                'falling', cast(-100 * abs(moved_by) as bigint), 'indicator', indicator, 'label', label, 'points', moved_by))),
            change -> concat(change.label, case when change.points > 0 then '+' else '' end, cast(change.points as string))
        ) as changes
    from moved
    group by model, object_id
)

select
    pair.model, pair.model_version, pair.object_id, pair.object_name, pair.city_code, pair.industry_section,
    pair.grade_before, pair.grade, pair.score_before, pair.score,
    pair.score > pair.score_before as is_worse,
    array_join(coalesce(told.changes, array()), '；') as changes_text,
    pair.as_of_before, pair.as_of
from pair
left join told on told.model = pair.model and told.object_id = pair.object_id
