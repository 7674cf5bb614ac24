{#- Whose duty a complaint is. Of the rules that fit and were in force on the day of registration the narrowest decides:
    first by its item, then by its region, then by its industry, then by its problem; of two alike the first by number
    (ours). -#}
with registration as (
    select
        complaint.department,
        complaint.complaint_no,
        complaint.city_code,
        complaint.region_code,
        complaint.problem_class,
        complaint.item_code,
        object.industry_code as object_industry,
        complaint.received_date,
        coalesce(complaint.item_code, '') as item,
        coalesce(complaint.problem_class, '') as problem,
        coalesce(object.industry_code, '') as industry,
        coalesce(complaint.region_code, '') as county,
        coalesce(complaint.city_code, '') as city
    from {{ standing('complaint') }} as complaint
    left join {{ standing('supervised_object') }} as object on object.object_id = complaint.object_id
),

situation as (
    select distinct item, problem, industry, county, city, '' as field from registration
),

fitting as (
    {{ fitting_duties(standing('complaint_duty')) }}
),

ranked as (
    select
        registration.department,
        registration.complaint_no,
        fitting.rule_no,
        fitting.duty_department,
        fitting.duty_ground,
        row_number() over (
            partition by registration.department, registration.complaint_no
            order by {{ narrowest_first() }}
        ) as place
    from registration
    join fitting
        on fitting.item = registration.item
        and fitting.problem = registration.problem
        and fitting.industry = registration.industry
        and fitting.county = registration.county
        and fitting.city = registration.city
    where fitting.duty_from <= registration.received_date
        and (fitting.duty_until is null or fitting.duty_until > registration.received_date)
),

route as (
    select department, complaint_no, max(struct(routed_date, route_no, routed_to)) as last
    from {{ standing('complaint_route') }}
    where returned_date is null
    group by department, complaint_no
),

complaint_duty_of as (
    select
        registration.department,
        registration.complaint_no,
        coalesce(registration.city_code, '{{ province() }}') as city_code,
        registration.region_code,
        registration.problem_class,
        registration.item_code,
        registration.object_industry,
        ranked.duty_department,
        ranked.rule_no,
        ranked.duty_ground,
        route.last.routed_to as routed_to,
        ranked.duty_department = route.last.routed_to as is_as_ruled
    from registration
    left join ranked
        on ranked.department = registration.department
        and ranked.complaint_no = registration.complaint_no
        and ranked.place = 1
    left join route
        on route.department = registration.department and route.complaint_no = registration.complaint_no
)

select * from complaint_duty_of
