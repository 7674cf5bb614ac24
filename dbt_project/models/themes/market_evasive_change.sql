{#- Changes of address, head or shareholders (02, 03, 07) after a penalty, within the days of the limit: a sign of evasion (ours). -#}
select
    change.object_id,
    change.change_kind,
    change.change_date,
    max(change.department) as department,
    max(penalty.punish_date) as punish_date,
    max_by(penalty.punish_file_no, penalty.punish_date) as punish_file_no,
    max(change.region_code) as region_code,
    max(change.city_code) as city_code
from {{ standing('registration_event') }} as change
join {{ standing('punish_action') }} as penalty
    on penalty.object_id = change.object_id and penalty.punish_date < change.change_date
join {{ limit_on('theme_limit', 'SC-BG') }} as lasting
    on lasting.first_day <= change.change_date and change.change_date <= lasting.last_day
    and datediff(change.change_date, penalty.punish_date) <= lasting.bound_value
where change.change_kind in ('02', '03', '07')
group by change.object_id, change.change_kind, change.change_date
