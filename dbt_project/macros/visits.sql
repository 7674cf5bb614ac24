{#- What records of on-site checks show, one row a visit each (gold.visit_check). Where officers were is read here, and goes
    no further than distances and speeds. -#}

{#- Metres between two places given in degrees, on a ball of the earth's mean radius. -#}
{% macro metres_between(longitude, latitude, other_longitude, other_latitude) -%}
    2 * 6371008.8 * asin(sqrt(
        pow(sin(radians(cast({{ latitude }} - {{ other_latitude }} as double)) / 2), 2)
        + cos(radians(cast({{ latitude }} as double))) * cos(radians(cast({{ other_latitude }} as double)))
        * pow(sin(radians(cast({{ longitude }} - {{ other_longitude }} as double)) / 2), 2)
    ))
{%- endmacro %}

{% macro seconds_between(begin, end) -%}
    (unix_micros({{ end }}) - unix_micros({{ begin }})) div 1000000
{%- endmacro %}

{#- Steps: 02 is the sign-in, 05 what is checked item by item, 11 the sign-out. The distance is worked out where the object's
    place is known and the device states its own in the same system (1, CGCS2000), else it is as the device stated it. -#}
{% macro visit_steps(visit) -%}
    select
        step.department,
        step.visit_no,
        min(case when step.visit_step = '02' then step.started_at end) as arrived_at,
        max(case when step.visit_step = '11' then coalesce(step.ended_at, step.started_at) end) as left_at,
        sum(case when step.visit_step = '05' then {{ seconds_between('step.started_at', 'step.ended_at') }} end) as checking_seconds,
        max(abs(step.clock_skew_s)) as clock_skew_s,
        max(case when step.visit_step = '02' then coalesce(
            case when step.coordinate_system = '1' then
                {{ metres_between('step.officer_longitude', 'step.officer_latitude', 'object.longitude', 'object.latitude') }}
            end,
            cast(step.distance_m as double)
        ) end) as sign_in_distance_m,
        avg(case when step.visit_step between '02' and '11' then step.officer_longitude end) as longitude,
        avg(case when step.visit_step between '02' and '11' then step.officer_latitude end) as latitude
    from {{ standing('visit_step') }} as step
    join {{ visit }} as visit on visit.department = step.department and visit.visit_no = step.visit_no
    left join {{ standing('supervised_object') }} as object on object.object_id = visit.object_id
    group by step.department, step.visit_no
{%- endmacro %}

{#- Evidence in the order in which it was taken: each piece names the hash of the one before, the first one none. A hash that an
    earlier piece has, of whatever department, was used before. The recorder is another officer's than the terminal. -#}
{% macro visit_evidence(visit, step) -%}
    select
        piece.department,
        piece.visit_no,
        count(*) as evidence_pieces,
        count(case when piece.use_no > 1 then 1 end) as evidence_reused,
        count(case when coalesce(piece.previous_hash, '') <> coalesce(piece.hash_before, '') then 1 end) as chain_breaks,
        count(case
            when piece.started_at < coalesce(step.arrived_at, visit.started_at) then 1
            when piece.started_at > coalesce(step.left_at, visit.ended_at) then 1
        end) as evidence_outside,
        max({{ seconds_between('piece.ended_at', 'piece.saved_at') }}) / 3600.0 as upload_hours,
        min(datediff(piece.retain_until, cast(piece.started_at as date))) as kept_days,
        max({{ metres_between('place.officer_longitude', 'place.officer_latitude', 'piece.officer_longitude', 'piece.officer_latitude') }})
            as devices_apart_m
    from (
        select
            *,
            lag(file_hash) over (partition by department, visit_no order by started_at, evidence_no) as hash_before,
            row_number() over (partition by file_hash order by saved_at, department, evidence_no) as use_no
        from {{ standing('visit_evidence') }}
    ) as piece
    join {{ visit }} as visit on visit.department = piece.department and visit.visit_no = piece.visit_no
    left join {{ step }} as step on step.department = piece.department and step.visit_no = piece.visit_no
    left join {{ standing('visit_step') }} as place
        on place.department = piece.department and place.visit_no = piece.visit_no and place.step_no = piece.step_no
    group by piece.department, piece.visit_no
{%- endmacro %}

{#- Answers to the items of the checklist that the visit went by; 3 is none. -#}
{% macro visit_items(visit) -%}
    select
        coalesce(answer.department, asked.department) as department,
        coalesce(answer.visit_no, asked.visit_no) as visit_no,
        count(case when answer.finding <> '3' then 1 end) as visit_items,
        count(case when coalesce(answer.finding, '3') = '3' then 1 end) as items_unanswered
    from {{ standing('visit_item') }} as answer
    full outer join (
        select distinct visit.department, visit.visit_no, item.check_item_no
        from {{ visit }} as visit
        join {{ standing('checklist_item') }} as item on item.check_icode = visit.check_icode
    ) as asked
        on asked.department = answer.department and asked.visit_no = answer.visit_no
        and asked.check_item_no = answer.check_item_no
    group by coalesce(answer.department, asked.department), coalesce(answer.visit_no, asked.visit_no)
{%- endmacro %}

{#- Documents, with what the party (2) made of them. Numbers of a series differ in their last digits, at most six: those that lack
    between a document and the one before are the later one's. 01 is the record of the visit. -#}
{% macro visit_documents(visit) -%}
    select
        paper.department,
        paper.visit_no,
        count(case when paper.act_document_kind = '01' and (party.is_signed or party.is_refused) then 1 end) as records_settled,
        count(case when paper.act_document_kind = '01' then 1 end) as records,
        max(case when party.is_signed or party.is_refused then 1 else 0 end) = 1 as is_settled,
        max(case when party.signed_at between visit.started_at and visit.ended_at then 1 else 0 end) = 1 as is_signed_on_site,
        cast(sum(coalesce(paper.number - paper.number_before - 1, 0)) as bigint) as document_gaps
    from (
        select
            *,
            lag(number) over (partition by department, series, ending order by number) as number_before
        from (
            select
                *,
                regexp_extract(document_no, '^(.*?)([0-9]{1,6})([^0-9]*)$', 1) as series,
                cast(nullif(regexp_extract(document_no, '^(.*?)([0-9]{1,6})([^0-9]*)$', 2), '') as bigint) as number,
                regexp_extract(document_no, '^(.*?)([0-9]{1,6})([^0-9]*)$', 3) as ending
            from {{ standing('visit_document') }}
        ) as split_number
    ) as paper
    left join {{ visit }} as visit on visit.department = paper.department and visit.visit_no = paper.visit_no
    left join (
        select
            department,
            document_no,
            max(case when coalesce(is_refused, '0') = '0' then 1 else 0 end) = 1 as is_signed,
            max(case when is_refused = '1' and refusal_note is not null then 1 else 0 end) = 1 as is_refused,
            max(case when coalesce(is_refused, '0') = '0' and signing_method is not null then signed_at end) as signed_at
        from {{ standing('visit_signature') }}
        where signer_role = '2'
        group by department, document_no
    ) as party on party.department = paper.department and party.document_no = paper.document_no
    group by paper.department, paper.visit_no
{%- endmacro %}

{#- How an officer came from the visit before: faster than within a minute nobody is said to have come. -#}
{% macro visit_trips(visit, step) -%}
    select
        department,
        visit_no,
        max(case when seconds > 0 then metres / greatest(seconds, 60) * 3.6 end) as speed_kmh,
        max(case when seconds <= 0 then metres end) as apart_meanwhile_m
    from (
        select
            department, visit_no,
            {{ seconds_between('ended_before', 'started_at') }} as seconds,
            {{ metres_between('longitude', 'latitude', 'longitude_before', 'latitude_before') }} as metres
        from (
            select
                visit.department, visit.visit_no, visit.started_at, step.longitude, step.latitude,
                lag(coalesce(visit.ended_at, visit.started_at)) over (partition by officer.certificate order by visit.started_at, visit.visit_no)
                    as ended_before,
                lag(step.longitude) over (partition by officer.certificate order by visit.started_at, visit.visit_no) as longitude_before,
                lag(step.latitude) over (partition by officer.certificate order by visit.started_at, visit.visit_no) as latitude_before
            from (
                select distinct department, visit_no, upper(trim(certificate)) as certificate
                from {{ visit }}
                lateral view explode(check_personnel_code) exploded as certificate
            ) as officer
            join {{ visit }} as visit on visit.department = officer.department and visit.visit_no = officer.visit_no
            join {{ step }} as step on step.department = visit.department and step.visit_no = visit.visit_no
        ) as trip
    ) as measured
    group by department, visit_no
{%- endmacro %}
