{#- The steps of registrations: those that their platforms state of themselves, those told one by one, and assignments.
    A step that is told twice, by the registration and by its events, is one. -#}
{% macro complaint_steps(complaint, event, route) -%}
    select department, complaint_no, event_kind, event_date, max(handled_by) as handled_by
    from (
        select department, complaint_no, '01' as event_kind, received_date as event_date, cast(null as string) as handled_by
        from {{ complaint }}
        union all
        select department, complaint_no, case when is_accepted = '0' then '04' else '03' end, decided_date, cast(null as string)
        from {{ complaint }} where decided_date is not null
        union all
        select department, complaint_no, '14', closed_date, cast(null as string)
        from {{ complaint }} where closed_date is not null
        union all
        select department, complaint_no, event_kind, event_date, handled_by from {{ event }}
        union all
        select department, complaint_no, '02', routed_date, routed_to from {{ route }}
        union all
        select department, complaint_no, '16', returned_date, routed_to from {{ route }} where returned_date is not null
    ) as told
    group by department, complaint_no, event_kind, event_date
{%- endmacro %}

{#- CTEs up to `case_of`: each registration with the first registration of its case, which it names by platform and number
    or by way of another one, and how many lie between. What names itself in a circle, or over more than `hops`, stays
    a case of its own and says so (`is_circular`). -#}
{% macro case_of_registrations(complaint, hops=5) -%}
named as (
    select child.department, child.complaint_no, known.department as named_department, known.complaint_no as named_no
    from {{ complaint }} as child
    join {{ complaint }} as known on known.department = child.origin_platform and known.complaint_no = child.origin_no
),

hop_0 as (
    select department, complaint_no, department as first_department, complaint_no as first_no, 0 as depth, false as goes_on
    from {{ complaint }} as registration
),
{% for hop in range(1, hops + 1) %}
hop_{{ hop }} as (
    select
        before.department,
        before.complaint_no,
        coalesce(named.named_department, before.first_department) as first_department,
        coalesce(named.named_no, before.first_no) as first_no,
        before.depth + case when named.named_no is null then 0 else 1 end as depth,
        named.named_no is not null as goes_on
    from hop_{{ hop - 1 }} as before
    left join named on named.department = before.first_department and named.complaint_no = before.first_no
),
{% endfor %}
case_of as (
    select
        department,
        complaint_no,
        case when goes_on then department else first_department end as case_department,
        case when goes_on then complaint_no else first_no end as case_no,
        depth,
        goes_on as is_circular
    from hop_{{ hops }}
)
{%- endmacro %}
