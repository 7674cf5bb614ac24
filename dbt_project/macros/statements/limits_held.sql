{#- One row: the limits of theme_limit that hold on a day, a column each, by name; `codes` is a mapping of names to codes. The
    law of the first of them is `legal_basis`. For what is compared with several limits of one day, not with those of its own. -#}
{% macro limits_held(codes, day) -%}
    (
        select
            {%- for name, code in codes.items() %}
            max(case when limit_code = '{{ code }}' then bound_value end) as {{ name }},
            {%- endfor %}
            max(case when limit_code = '{{ codes.values() | first }}' then legal_basis end) as legal_basis
        from {{ valid_on('theme_limit', day) }}
        where withdrawn_at is null
    )
{%- endmacro %}
