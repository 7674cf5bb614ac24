{#- Whose duty a complaint is. Of the rules that fit and were in force on the day of registration the narrowest decides:
    first by its item, then by its region, then by its industry, then by its problem; of two alike the first by number
    (ours). Each situation is compared with the rules once, however many complaints it has. -#}
{{ config(enabled='gold.complaint_duty_of' in declared()) }}
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
    select distinct item, problem, industry, county, city from registration
),

fitting as (
    select
        situation.*,
        rule.rule_no,
        rule.duty_department,
        rule.duty_from,
        rule.duty_until,
        case
            when rule.duty_item is not null then 'item'
            when rule.duty_region is not null then 'region'
            when rule.duty_industry is not null then 'industry'
            when rule.duty_problem is not null then 'problem'
        end as duty_ground,
        coalesce(length(rule.duty_item), 0) as by_item,
        case
            when rule.duty_region is null then 0
            when rule.duty_region = '{{ province() }}' then 1
            when rule.duty_region = situation.county and rule.duty_region <> situation.city then 3
            else 2
        end as by_region,
        coalesce(length(rule.duty_industry), 0) as by_industry,
        case when rule.duty_problem is null then 0 else 1 end as by_problem
    from situation
    join {{ standing('complaint_duty') }} as rule
        on (rule.duty_item is null or startswith(situation.item, rule.duty_item))
        and (rule.duty_problem is null or rule.duty_problem = situation.problem)
        and (rule.duty_industry is null or startswith(situation.industry, rule.duty_industry))
        and (rule.duty_region is null or rule.duty_region in (situation.county, situation.city, '{{ province() }}'))
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
            order by fitting.by_item desc, fitting.by_region desc, fitting.by_industry desc, fitting.by_problem desc,
                fitting.rule_no
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
