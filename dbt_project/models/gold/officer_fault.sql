{#- Who inspects holds a licence that is valid on the day, and at least two do (行政处罚法 art. 42); auxiliary staff inspect
    only beside them (国办发〔2024〕54号). A licence that its issuer keeps counts by its terms (officer_licence), any other
    by what its department says of it. (ours) Two prefectures on one day are too far apart for one officer.

    Whoever a licence that nobody knows belongs to is no officer: such an act has fault 01, and 03 where too few are left. -#}
{% set assistants = '05' %}
{% set fewest = 2 %}

with named as (
    select distinct
        act.department, act.check_action_code, act.city_code, act.region_code, act.item_code,
        act.implement_institution, act.object_id, act.check_date, upper(trim(certificate)) as certificate
    from {{ standing('check_action') }} as act
    lateral view explode(act.check_personnel_code) exploded as certificate
    where act.check_date is not null
),

issued as (
    select
        certificate_no,
        certificate_valid_from as first_day,
        least(
            coalesce(certificate_valid_to, date'9999-12-31'),
            coalesce(date_sub(certificate_ended_date, 1), date'9999-12-31')
        ) as last_day
    from {{ standing('officer_licence') }}
),

officer as (
    select
        certificate_no,
        max(case when officer_nature = '{{ assistants }}' then 1 else 0 end) as is_assistant,
        max(coalesce(certificate_expiry_date, date'9999-12-31')) as last_day
    from {{ standing('enforcement_officer') }}
    group by certificate_no
),

term as (
    select certificate_no, first_day, last_day from issued
    union all
    select officer.certificate_no, date'0001-01-01' as first_day, officer.last_day
    from officer
    left anti join issued on issued.certificate_no = officer.certificate_no
),

known as (
    select distinct certificate_no from term
),

valid as (
    select distinct named.department, named.check_action_code, named.certificate
    from named
    join term
        on term.certificate_no = named.certificate
        and named.check_date >= term.first_day and named.check_date <= term.last_day
),

away as (
    select certificate, check_date
    from named
    where city_code is not null
    group by certificate, check_date
    having count(distinct city_code) > 1
),

judged as (
    select
        named.*,
        known.certificate_no is not null as is_known,
        valid.certificate is not null as is_valid,
        coalesce(officer.is_assistant, 0) = 1 as is_assistant,
        away.certificate is not null as is_away
    from named
    left join known on known.certificate_no = named.certificate
    left join valid
        on valid.department = named.department and valid.check_action_code = named.check_action_code
        and valid.certificate = named.certificate
    left join officer on officer.certificate_no = named.certificate
    left join away on away.certificate = named.certificate and away.check_date = named.check_date
),

checked as (
    select
        department, check_action_code,
        max(city_code) as city_code, max(region_code) as region_code, max(item_code) as item_code,
        max(implement_institution) as implement_institution, max(object_id) as object_id, max(check_date) as check_date,
        collect_list(case when not is_known then certificate end) as unknown_ones,
        collect_list(case when is_known and not is_valid then certificate end) as expired_ones,
        count(case when is_valid and not is_assistant then 1 end) as qualified,
        count(case when not is_assistant then 1 end) as others,
        collect_list(certificate) as all_ones,
        collect_list(case when is_away then certificate end) as away_ones
    from judged
    group by department, check_action_code
),

fault as (
    {%- for code, ones, condition in [
        ('01', 'unknown_ones', 'size(unknown_ones) > 0'),
        ('02', 'expired_ones', 'size(expired_ones) > 0'),
        ('03', 'all_ones', 'qualified < ' ~ fewest),
        ('04', 'all_ones', 'others = 0'),
        ('05', 'away_ones', 'size(away_ones) > 0'),
    ] %}
    select
        department, check_action_code, '{{ code }}' as officer_fault, concat_ws('、', array_sort({{ ones }})) as certificates,
        city_code, region_code, item_code, implement_institution, object_id, check_date
    from checked
    where {{ condition }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from fault
