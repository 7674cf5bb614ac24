with statement as (
    select
        _department as department,
        punish_action_code,
        item_code,
        punish_action_name,
        check_action_code,
        case_source,
        implement_institution,
        {{ object_of_act() }} as object_id,
        supervised_object,
        administrative_cp,
        administrative_cp_document,
        administrative_cp_code,
        region_code,
        illegal_fact,
        punish_accord,
        punish_procedure,
        punish_set_date,
        major_case,
        legal_review,
        punish_file_no,
        punish_date,
        punish_kind,
        fine_cny,
        punish_result,
        reconsideration,
        litigation,
        closed_date,
        submitted_date,
        {{ said('punish_action') }}
    from {{ source('silver', 'punish_action') }}
    where {{ newly_accepted() }}
),

{{ words(['department', 'punish_action_code'], ['punish_action']) }},

penalty as (
    select
        standing.department,
        standing.punish_action_code,
        newest.item_code,
        newest.punish_action_name,
        newest.check_action_code,
        newest.case_source,
        newest.implement_institution,
        newest.object_id,
        newest.supervised_object,
        newest.administrative_cp,
        newest.administrative_cp_document,
        newest.administrative_cp_code,
        newest.region_code,
        coalesce(place.city_code, origin.city_code) as city_code,
        newest.illegal_fact,
        newest.punish_accord,
        newest.punish_procedure,
        newest.punish_set_date,
        newest.major_case,
        newest.legal_review,
        newest.punish_file_no,
        newest.punish_date,
        newest.punish_kind,
        newest.fine_cny,
        newest.punish_result,
        newest.reconsideration,
        newest.litigation,
        newest.closed_date,
        newest.submitted_date,
        standing.withdrawn_at,
        standing._version,
        standing._withdrawn_version
    from standing
    {{ newest(['department', 'punish_action_code']) }}
    {{ cities_of('newest') }}
    where standing.is_changed
)

select * from penalty
