{#- Departments are counted by grouping twice: beside other figures, count(distinct …) keeps a set for every object,
    measured 2.5 GiB and three quarters of the time for 130,000 objects. -#}
with inspected_by as (
    select
        object_id,
        department,
        count(*) as checks,
        count(case when is_problem then 1 end) as checks_with_problem,
        min(check_date) as first_check_date,
        max(check_date) as last_check_date
    from {{ standing('check_action') }}
    group by object_id, department
),

inspected as (
    select
        object_id,
        cast(sum(checks) as bigint) as checks,
        cast(sum(checks_with_problem) as bigint) as checks_with_problem,
        min(first_check_date) as first_check_date,
        max(last_check_date) as last_check_date,
        count(department) as check_departments
    from inspected_by
    group by object_id
),

punished as (
    select
        object_id,
        count(*) as punishments,
        cast(sum(coalesce(fine_cny, 0)) as decimal(18,2)) as fine_cny,
        max(punish_date) as last_punish_date
    from {{ standing('punish_action') }}
    group by object_id
),

complained as (
    select
        object_id,
        count(*) as complaints,
        min(received_date) as first_complaint_date,
        max(received_date) as last_complaint_date
    from {{ standing('complaint') }}
    group by object_id
),

profile as (
    select
        firm.object_id,
        firm.object_name,
        firm.enterprise_type,
        firm.registration_state,
        firm.established_date,
        firm.capital_amount,
        firm.capital_currency,
        firm.industry_code,
        industry.section as industry_section,
        industry.section_label as industry_section_name,
        firm.region_code,
        place.label as region_name,
        firm.city_code,
        city.label as city_name,
        coalesce(firm.claims.object_name like '2|%', false) as is_registered,
        coalesce(inspected.checks, 0) as checks,
        coalesce(inspected.checks_with_problem, 0) as checks_with_problem,
        inspected.first_check_date,
        inspected.last_check_date,
        coalesce(punished.punishments, 0) as punishments,
        coalesce(punished.fine_cny, 0) as fine_cny,
        punished.last_punish_date,
        coalesce(complained.complaints, 0) as complaints,
        complained.first_complaint_date,
        complained.last_complaint_date,
        coalesce(inspected.check_departments, 0) as check_departments
    from {{ standing('supervised_object') }} as firm
    left join {{ source('codes', 'industry') }} as industry on industry.code = firm.industry_code
    left join {{ source('codes', 'region') }} as place on place.code = firm.region_code
    left join {{ source('codes', 'region') }} as city on city.code = firm.city_code
    left join inspected on inspected.object_id = firm.object_id
    left join punished on punished.object_id = firm.object_id
    left join complained on complained.object_id = firm.object_id
)

select * from profile
