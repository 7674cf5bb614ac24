{#- The key of `rows` as departments write it. -#}
{% macro key_text(key, rows) -%}
    concat_ws('|', {% for column in key %}{{ spelled(rows ~ '.' ~ column) }}{% if not loop.last %}, {% endif %}{% endfor %})
{%- endmacro %}
