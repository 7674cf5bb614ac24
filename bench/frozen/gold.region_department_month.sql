-- Over all fields, counties and items, with the words of its codes; what no prefecture did, the province did itself
-- (省本级). Lakewarden counts different objects as an indicator, by city alone: by department they are counted here.
with months as (
    select
        city_code, department, month, sum(checks)::bigint as checks,
        sum(checks_with_problem)::bigint as checks_with_problem, sum(punishments)::bigint as punishments,
        sum(fine_cny)::decimal(18,2) as fine_cny, sum(complaints)::bigint as complaints,
        sum(complaints_due)::bigint as complaints_due, sum(complaints_on_time)::bigint as complaints_on_time,
        sum(complaints_closed)::bigint as complaints_closed
    from gold.supervision_month
    group by city_code, department, month
),

reached as (
    select
        coalesce(city_code, '420000') as city_code, department, date_trunc('month', check_date)::date as month,
        count(distinct object_id) as objects_checked
    from base.check_action
    where withdrawn_at is null
    group by all
)

select
    months.*, office.label as department_name,
    case when months.city_code = '420000' then '省本级' else city.label end as city_name,
    coalesce(reached.objects_checked, 0) as objects_checked
from months
left join reached using (city_code, department, month)
left join codes.department as office using (department)
left join codes.region as city on city.code = months.city_code
