{#- The versions of a limit of theme_limit (限值库), each with the days on which it held: joined with the day of what is compared,
    `limited.first_day <= day and day <= limited.last_day`. No limit is written in a model. -#}
{% macro limit_on(code) -%}
    (
        select
            bound_value, legal_basis, effective_date as first_day,
            coalesce(valid_until, date'9999-12-31') as last_day
        from {{ standing('theme_limit') }}
        where limit_code = '{{ code }}'
    )
{%- endmacro %}
