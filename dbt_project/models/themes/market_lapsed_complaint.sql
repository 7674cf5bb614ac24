{#- Complaints about who goes on though the licence has ended. A kind of licence has lapsed where the last of its terms was over
    before the complaint; one that was given up (03) says that its holder stopped. -#}
with held as (
    select
        object_id, licence_kind,
        max(licence_no) as licence_no,
        max(coalesce(valid_until, date'9999-12-31')) as lapsed_date
    from {{ standing('licence') }}
    where department = 'scjg' and object_id is not null and coalesce(licence_status <> '03', true)
    group by object_id, licence_kind
)

select
    complaint.department as complaint_department,
    complaint.complaint_no,
    'scjg' as department,
    'market' as field,
    max(complaint.object_id) as object_id,
    max(complaint.complained_name) as complained_name,
    max(complaint.received_date) as received_date,
    max(complaint.problem_class) as problem_class,
    max_by(held.licence_kind, held.lapsed_date) as licence_kind,
    max_by(held.licence_no, held.lapsed_date) as licence_no,
    max(held.lapsed_date) as lapsed_date,
    max(complaint.region_code) as region_code,
    max(complaint.city_code) as city_code
from {{ standing('complaint') }} as complaint
join held on held.object_id = complaint.object_id and held.lapsed_date < complaint.received_date
where not complaint.is_passed_on
group by complaint.department, complaint.complaint_no
