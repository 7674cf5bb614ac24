{#- Readings of a day by device, indicator and period. Which readings count: V is valid, S a person's correction of one; F says that
    production was stopped, so none was due; all others were sent and are not valid (domain.md §1.15).

    longest_run: valid readings in a row with one value. Rows of one value that follow each other keep their distance between
    the place in the day and the place among rows of that value. -#}
{% macro reading_day(table, partition) -%}
{%- set key = ['department', 'device_code', 'indicator_code', 'reading_period', partition] | join(', ') -%}
with reading as (
    select
        *,
        validity in ('V', 'S') as is_valid,
        case when validity in ('V', 'S') then reading_value end as valid_value,
        (unix_micros(reading_time) - unix_micros(lag(reading_time) over (partition by {{ key }} order by reading_time)))
            div 60000000 as gap_minutes,
        row_number() over (partition by {{ key }} order by reading_time)
            - row_number() over (partition by {{ key }}, validity in ('V', 'S'), reading_value order by reading_time) as run
    from {{ rolled_up(table, partition) }}
),

run as (
    select {{ key }}, max(length) as longest_run
    from (
        select {{ key }}, count(*) as length
        from reading
        where valid_value is not null
        group by {{ key }}, valid_value, run
    )
    group by {{ key }}
),

day as (
    select
        {{ key }},
        max(unit) as unit,
        greatest(case reading_period when 'H' then 24 else 1 end - count(case when validity = 'F' then 1 end), 0) as due,
        count(case when validity <> 'F' then 1 end) as received,
        count(valid_value) as valid,
        count(case when is_exceeding then 1 end) as exceeding,
        avg(valid_value) as day_avg,
        min(coalesce(case when is_valid then reading_min end, valid_value)) as day_min,
        max(coalesce(case when is_valid then reading_max end, valid_value)) as day_max,
        sum(case when is_valid then reading_sum end) as day_sum,
        max(gap_minutes) as longest_gap_minutes
    from reading
    group by {{ key }}
)

select
    {% for column in ['department', 'device_code', 'indicator_code', 'reading_period', partition] %}day.{{ column }}, {% endfor %}
    day.unit,
    cast(day.due as bigint) as due,
    day.received,
    day.valid,
    day.exceeding,
    cast(day.day_avg as decimal(18,6)) as day_avg,
    cast(day.day_min as decimal(18,6)) as day_min,
    cast(day.day_max as decimal(18,6)) as day_max,
    cast(day.day_sum as decimal(18,6)) as day_sum,
    cast(day.longest_gap_minutes as bigint) as longest_gap_minutes,
    cast(coalesce(run.longest_run, 0) as bigint) as longest_run
from day
left join run
    on {% for column in ['department', 'device_code', 'indicator_code', 'reading_period', partition] %}run.{{ column }} = day.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
{%- endmacro %}
