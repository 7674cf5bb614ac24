{#- Base links a complaint to whom it names; the field's own table knows what is said of money and people. -#}
select
    clue.department,
    clue.complaint_no,
    clue.received_date,
    complaint.object_id,
    complaint.region_code,
    complaint.city_code,
    clue.raised_cny,
    clue.people_involved,
    clue.is_promising
from {{ standing('finance_clue') }} as clue
left join {{ standing('complaint') }} as complaint
    on complaint.department = clue.department and complaint.complaint_no = clue.complaint_no
where clue.received_date is not null
