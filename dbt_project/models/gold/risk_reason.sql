with risk_reason as (
    select
        scored.model,
        scored.object_id,
        scored.city_code,
        scored.grade,
        reason.indicator,
        reason.label as indicator_label,
        reason.value,
        reason.weight,
        reason.points,
        reason.reason
    from {{ source('gold', 'risk_score') }} as scored
    lateral view explode(scored.reasons) exploded as reason
)

select * from risk_reason
