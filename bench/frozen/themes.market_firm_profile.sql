-- One row an object, with the words of its codes.
select
    profile.object_id, profile.object_name, profile.enterprise_type, profile.registration_state,
    profile.established_date, profile.capital_amount, profile.capital_currency, profile.industry_code,
    profile.industry_section, section.label as industry_section_name, profile.region_code, place.label as region_name,
    profile.city_code, city.label as city_name, profile.is_registered, profile.checks, profile.checks_with_problem,
    profile.first_check_date, profile.last_check_date, profile.punishments, profile.fine_cny, profile.last_punish_date,
    profile.complaints, profile.first_received_date as first_complaint_date,
    profile.last_received_date as last_complaint_date
from themes.object_profile as profile
left join codes.industry as section on section.code = profile.industry_section
left join codes.region as place on place.code = profile.region_code
left join codes.region as city on city.code = profile.city_code
