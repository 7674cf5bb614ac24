{#- An act's item holds on the act's day when one of its versions did and was in use. Where no version of an item is known,
    the catalogue's own row is its only one. -#}
{% set holds %}
    version.item_code is not null and (version.effective_date is null or version.effective_date <= used.act_date)
    and (version.valid_until is null or version.valid_until >= used.act_date)
{% endset %}

with version as (
    select item_code, item_status, effective_date, valid_until
    from {{ ref('item_version') }}
    union all
    select item.item_code, item.item_status, item.effective_date,
        least(item.expired_date, date_sub({{ day_in_china('item.withdrawn_at') }}, 1)) as valid_until
    from {{ ref('supervision_item') }} as item
    left anti join {{ ref('item_version') }} as version on version.item_code = item.item_code
),

act as (
    select 'check_action' as act_type, department, check_action_code as act_code, item_code, check_date as act_date,
        city_code, region_code, object_id
    from {{ standing('check_action') }}
    union all
    select 'punish_action' as act_type, department, punish_action_code as act_code, item_code, punish_date as act_date,
        city_code, region_code, object_id
    from {{ standing('punish_action') }}
),

used as (
    select distinct item_code, act_date from act where item_code is not null and act_date is not null
),

judged as (
    select
        used.item_code,
        used.act_date,
        count(version.item_code) as versions,
        max(case when {{ holds }} and coalesce(version.item_status, '01') = '01' then 1 else 0 end) as is_valid,
        max(case when {{ holds }} then 1 else 0 end) as is_there,
        max(case when version.valid_until < used.act_date then 1 else 0 end) as has_ended
    from used
    left join version on version.item_code = used.item_code
    group by used.item_code, used.act_date
),

act_item_check as (
    select
        act.act_type, act.department, act.act_code, act.item_code, act.act_date, act.city_code, act.region_code, act.object_id,
        case
            when judged.versions = 0 then 'unknown'
            when judged.is_there = 1 then 'not_in_use'
            when judged.has_ended = 1 then 'after'
            else 'before'
        end as item_fault
    from act
    join judged on judged.item_code = act.item_code and judged.act_date = act.act_date
    where judged.is_valid = 0
)

select * from act_item_check
