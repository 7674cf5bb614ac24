{#- Equipment in use by the day on which its inspection falls due; when to ask for it is a limit, with the law. -#}

select
    device.special_device_code,
    device.next_inspection_date as due_date,
    device.department,
    'market' as field,
    device.object_id,
    device.user_name,
    device.special_device_class,
    device.region_code,
    device.city_code,
    device.next_inspection_date < {{ as_of() }} as is_overdue,
    cast(greatest(datediff({{ as_of() }}, device.next_inspection_date), 0) as bigint) as overdue_days,
    coalesce(datediff(device.next_inspection_date, {{ as_of() }}) between 0 and asking.bound_value, false) as is_expiring,
    asking.legal_basis
from {{ standing('special_device') }} as device
left join {{ limit_on('theme_limit', 'SC1-SQ') }} as asking
    on asking.first_day <= device.next_inspection_date and device.next_inspection_date <= asking.last_day
where device.device_status = '1' and device.next_inspection_date is not null
