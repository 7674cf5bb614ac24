{#- Holders of the right to market medicines, and whether they have reported on the year before. -#}

with licensed as (
    select
        object_id,
        max(department) as department,
        max(holder_name) as holder_name,
        max(drug_class_code) as drug_class_code,
        max(region_code) as region_code,
        max(city_code) as city_code
    from {{ valid_on('drug_production_licence', as_of()) }}
    where withdrawn_at is null and is_holder and object_id is not null and coalesce(licence_status in ('10', '09'), true)
    group by object_id
)

select
    licensed.*,
    cast(year({{ as_of() }}) - 1 as bigint) as covered_year,
    report.report_date,
    report.object_id is not null as is_reported
from licensed
left join {{ standing('drug_annual_report') }} as report
    on report.object_id = licensed.object_id and report.covered_year = year({{ as_of() }}) - 1
