{#- Equipment in use today: whether its inspection holds, whether a lift was maintained, and whether it was registered in time.
    Limits are those of today; of a registration that of the day on which use began. -#}

select
    device.special_device_code,
    device.department,
    device.object_id,
    device.user_name,
    device.special_device_class,
    device.region_code,
    device.city_code,
    device.next_inspection_date,
    device.maintained_date,
    coalesce(device.next_inspection_date >= {{ as_of() }}, false) as is_inspected,
    coalesce(device.special_device_class = '3000', false) as is_lift,
    coalesce(datediff({{ as_of() }}, device.maintained_date) <= maintaining.bound_value, false) as is_maintained,
    device.installed_date is not null
        and (device.use_registered_date is not null
            or coalesce(datediff({{ as_of() }}, device.installed_date) > registering.bound_value, false)) as is_put_to_use,
    coalesce(datediff(device.use_registered_date, device.installed_date) <= registering.bound_value, false)
        as is_registered_in_time
from {{ standing('special_device') }} as device
left join {{ limit_on('theme_limit', 'SC2-WB') }} as maintaining
    on maintaining.first_day <= {{ as_of() }} and {{ as_of() }} <= maintaining.last_day
left join {{ limit_on('theme_limit', 'SC6-DJ') }} as registering
    on registering.first_day <= device.installed_date and device.installed_date <= registering.last_day
where device.device_status = '1'
