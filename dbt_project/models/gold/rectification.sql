{#- Problems that had to be put right by a day, and when they were. An item of a visit that the inspection itself tells is not told
    twice; 0 is not in order, step 13 the re-check of a visit. -#}

with recheck as (
    select
        visit.department, visit.visit_no, visit.check_action_code,
        cast({{ day_in_china('min(step.started_at)') }} as date) as rechecked_date
    from {{ standing('visit_step') }} as step
    join {{ standing('mobile_visit') }} as visit on visit.department = step.department and visit.visit_no = step.visit_no
    where step.visit_step = '13'
    group by visit.department, visit.visit_no, visit.check_action_code
),

problem as (
    select
        department, '1' as problem_source, hazard_code as problem_no, hazard_name as problem_name, object_id, region_code, city_code,
        cast({{ day_in_china('registered_at') }} as date) as found_date, deadline,
        cast({{ day_in_china('accepted_at') }} as date) as closed_date
    from {{ standing('hazard') }}
    union all
    select
        found.department, '2' as problem_source, concat(found.check_action_code, ' ', found.check_item_no) as problem_no,
        found.check_item_name as problem_name, act.object_id, act.region_code, act.city_code,
        act.check_date as found_date, found.rectify_deadline as deadline, min(recheck.rechecked_date) as closed_date
    from {{ standing('check_finding') }} as found
    join {{ standing('check_action') }} as act
        on act.department = found.department and act.check_action_code = found.check_action_code
    left join recheck on recheck.department = found.department and recheck.check_action_code = found.check_action_code
    where found.finding = '0'
    group by
        found.department, found.check_action_code, found.check_item_no, found.check_item_name, act.object_id, act.region_code,
        act.city_code, act.check_date, found.rectify_deadline
    union all
    select
        answer.department, '3' as problem_source, concat(answer.visit_no, ' ', answer.check_item_no) as problem_no,
        answer.check_item_name as problem_name, visit.object_id, visit.region_code, visit.city_code,
        cast({{ day_in_china('visit.started_at') }} as date) as found_date, answer.rectify_deadline as deadline,
        recheck.rechecked_date as closed_date
    from {{ standing('visit_item') }} as answer
    join {{ standing('mobile_visit') }} as visit on visit.department = answer.department and visit.visit_no = answer.visit_no
    left join recheck on recheck.department = answer.department and recheck.visit_no = answer.visit_no
    left anti join {{ standing('check_finding') }} as found
        on found.department = visit.department and found.check_action_code = visit.check_action_code
        and found.check_item_no = answer.check_item_no
    where answer.finding = '0'
),

-- a danger is closed by its acceptance alone
cleared as (
    select problem.department, problem.problem_source, problem.problem_no, min(act.check_date) as cleared_date
    from problem
    join {{ standing('check_action') }} as act
        on act.department = problem.department and act.object_id = problem.object_id and act.check_date > problem.found_date
    where act.check_result = '01' and problem.problem_source <> '1'
    group by problem.department, problem.problem_source, problem.problem_no
),

settled as (
    select
        problem.department, problem.problem_source, problem.problem_no, problem.problem_name, problem.object_id, problem.region_code,
        problem.city_code, problem.found_date, problem.deadline,
        least(coalesce(problem.closed_date, cleared.cleared_date), coalesce(cleared.cleared_date, problem.closed_date)) as closed_date
    from problem
    left join cleared
        on cleared.department = problem.department and cleared.problem_source = problem.problem_source
        and cleared.problem_no = problem.problem_no
    where problem.deadline is not null
)

select
    department, problem_source, problem_no, problem_name, object_id, region_code, city_code, found_date,
    deadline as rectify_deadline,
    cast(trunc(deadline, 'MM') as date) as month,
    closed_date,
    coalesce(closed_date <= deadline, false) as is_mended_in_time
from settled
where deadline <= {{ as_of() }}
