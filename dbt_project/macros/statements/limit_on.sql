{#- The versions of a limit, of the table of limits (theme_limit), each with the days on which it held, to be joined with the
    day of what is compared: `first_day <= day and day <= last_day`. Without a code the versions of every limit, to be joined
    with its limit_code too. No limit is written in a model. -#}
{% macro limit_on(table, code=none) -%}
    (
        select
            limit_code, bound_value, legal_basis, effective_date as first_day,
            coalesce(valid_until, date'9999-12-31') as last_day
        from {{ standing(table) }}
        {%- if code %}
        where limit_code = '{{ code }}'
        {%- endif %}
    )
{%- endmacro %}
