{#- Acts without a prefecture (the province's own, on bodies registered elsewhere) stand under the province's code. -#}
with activity as (
    select
        coalesce(city_code, '420000') as city_code,
        department,
        item_code,
        cast(trunc(check_date, 'MM') as date) as month,
        1 as checks,
        case when is_problem then 1 else 0 end as checks_with_problem,
        0 as punishments,
        cast(0 as decimal(18,2)) as fine_cny,
        0 as complaints
    from {{ standing('check_action') }}
    union all
    select
        coalesce(city_code, '420000'), department, item_code, cast(trunc(punish_date, 'MM') as date),
        0, 0, 1, coalesce(fine_cny, cast(0 as decimal(18,2))), 0
    from {{ standing('punish_action') }}
    union all
    select
        coalesce(city_code, '420000'), department, '', cast(trunc(received_date, 'MM') as date),
        0, 0, 0, cast(0 as decimal(18,2)), 1
    from {{ standing('complaint') }}
),

activity_month as (
    select
        city_code,
        department,
        item_code,
        month,
        cast(sum(checks) as bigint) as checks,
        cast(sum(checks_with_problem) as bigint) as checks_with_problem,
        cast(sum(punishments) as bigint) as punishments,
        cast(sum(fine_cny) as decimal(18,2)) as fine_cny,
        cast(sum(complaints) as bigint) as complaints
    from activity
    group by city_code, department, item_code, month
)

select * from activity_month
