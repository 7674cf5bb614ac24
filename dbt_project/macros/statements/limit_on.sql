{#- The versions of a limit, of the table of limits (theme_limit), each with the days on which it held, to be joined with the
    day of what is compared: `first_day <= day and day <= last_day`. No limit is written in a model. A code with % at its end is
    several limits, by `limit_code`. -#}
{% macro limit_on(table, code) -%}
    (
        select
            limit_code, bound_value, legal_basis, effective_date as first_day,
            coalesce(valid_until, date'9999-12-31') as last_day
        from {{ standing(table) }}
        where limit_code like '{{ code }}'
    )
{%- endmacro %}
