-- With the words of its codes; what no prefecture did, the province did itself (省本级).
select
    months.*, office.label as department_name,
    case when months.city_code = '420000' then '省本级' else city.label end as city_name
from gold.region_department_month as months
left join codes.department as office on office.department = months.department
left join codes.region as city on city.code = months.city_code
