-- Over all fields and counties.
select
    city_code, department, item_code, month, sum(checks)::bigint as checks,
    sum(checks_with_problem)::bigint as checks_with_problem, sum(punishments)::bigint as punishments,
    sum(fine_cny)::decimal(18,2) as fine_cny, sum(complaints)::bigint as complaints
from themes.activity_month
group by city_code, department, item_code, month
