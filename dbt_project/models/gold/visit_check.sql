{#- What the record of every on-site check shows, measured; what of it is to be doubted is visit_doubt. -#}
with visit as (
    select *, cast({{ day_in_china('started_at') }} as date) as visit_date
    from {{ standing('mobile_visit') }}
),

step as (
    {{ visit_steps('visit') }}
),

evidence as (
    {{ visit_evidence('visit', 'step') }}
),

item as (
    {{ visit_items('visit') }}
),

document as (
    {{ visit_documents('visit') }}
),

trip as (
    {{ visit_trips('visit', 'step') }}
),

visit_check as (
    select
        visit.department,
        visit.visit_no,
        visit.check_action_code,
        visit.item_code,
        visit.object_id,
        visit.supervised_object,
        visit.region_code,
        visit.city_code,
        visit.visit_date,
        cast(trunc(visit.visit_date, 'MM') as date) as month,
        visit.is_scanned,
        coalesce(evidence.evidence_pieces > 0 and document.is_settled, false) as is_recorded,
        coalesce(document.is_signed_on_site, false) as is_signed_on_site,
        cast(step.sign_in_distance_m as decimal(12,2)) as sign_in_distance_m,
        cast(evidence.devices_apart_m as decimal(12,2)) as devices_apart_m,
        {{ seconds_between('coalesce(step.arrived_at, visit.started_at)', 'coalesce(step.left_at, visit.ended_at)') }} as dwell_seconds,
        cast(step.checking_seconds / 60.0 as decimal(12,2)) as checking_minutes,
        cast(step.checking_seconds / nullif(item.visit_items, 0) as decimal(12,2)) as seconds_per_item,
        coalesce(item.visit_items, 0) as visit_items,
        coalesce(item.items_unanswered, 0) as items_unanswered,
        coalesce(evidence.evidence_pieces, 0) as evidence_pieces,
        coalesce(evidence.evidence_outside, 0) as evidence_outside,
        coalesce(evidence.evidence_reused, 0) as evidence_reused,
        coalesce(evidence.chain_breaks, 0) as chain_breaks,
        cast(evidence.upload_hours as decimal(12,2)) as upload_hours,
        cast(evidence.kept_days as bigint) as kept_days,
        step.clock_skew_s,
        cast(trip.speed_kmh as decimal(12,2)) as speed_kmh,
        cast(trip.apart_meanwhile_m as decimal(12,2)) as apart_meanwhile_m,
        -- a visit without a record is one that nobody signed
        greatest(coalesce(document.records, 0), 1) - coalesce(document.records_settled, 0) as records_unsigned,
        coalesce(document.document_gaps, 0) as document_gaps
    from visit
    left join step on step.department = visit.department and step.visit_no = visit.visit_no
    left join evidence on evidence.department = visit.department and evidence.visit_no = visit.visit_no
    left join item on item.department = visit.department and item.visit_no = visit.visit_no
    left join document on document.department = visit.department and document.visit_no = visit.visit_no
    left join trip on trip.department = visit.department and trip.visit_no = visit.visit_no
)

select * from visit_check
