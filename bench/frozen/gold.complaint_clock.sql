-- With the words of its codes; what no prefecture did, the province did itself (省本级).
select
    clock.*, office.label as department_name,
    case when clock.city_code = '420000' then '省本级' else city.label end as city_name,
    state.label as accept_state_name
from gold.complaint_clock as clock
left join codes.department as office on office.department = clock.department
left join codes.region as city on city.code = clock.city_code
left join codes.code as state on state.list = 'accept_state' and state.code = clock.accept_state
