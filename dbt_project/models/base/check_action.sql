with statement as (
    select
        _department as department,
        check_action_code,
        item_code,
        check_action_name,
        plan_id,
        implement_institution,
        implement_institution_code,
        {{ object_of_act() }} as object_id,
        supervised_object,
        supervised_object_class,
        administrative_cp,
        administrative_cp_document,
        administrative_cp_code,
        region_code,
        check_form,
        check_class,
        check_mode,
        check_result,
        check_date,
        check_personnel,
        check_personnel_code,
        submitted_date,
        {{ said('check_action') }}
    from {{ source('silver', 'check_action') }}
    where {{ newly_accepted() }}
),

{{ words(['department', 'check_action_code'], ['check_action']) }},

inspection as (
    select
        standing.department,
        standing.check_action_code,
        newest.item_code,
        newest.check_action_name,
        newest.plan_id,
        newest.implement_institution,
        newest.implement_institution_code,
        newest.object_id,
        newest.supervised_object,
        newest.supervised_object_class,
        newest.administrative_cp,
        newest.administrative_cp_document,
        newest.administrative_cp_code,
        newest.region_code,
        coalesce(place.city_code, origin.city_code) as city_code,
        newest.check_form,
        newest.check_class,
        newest.check_mode,
        newest.check_result,
        newest.check_result in ('02', '03', '04', '05') as is_problem,
        newest.check_date,
        newest.check_personnel,
        newest.check_personnel_code,
        newest.submitted_date,
        standing.withdrawn_at,
        standing._version,
        standing._withdrawn_version
    from standing
    {{ newest(['department', 'check_action_code']) }}
    {{ cities_of('newest') }}
    where standing.is_changed
)

select * from inspection
