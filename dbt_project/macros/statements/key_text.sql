{#- The key of `rows` as departments write it, the department's own name aside. -#}
{% macro key_text(key, rows) -%}
    concat_ws('|', {% for column in key if column != 'department' %}{{ spelled(rows ~ '.' ~ column) }}{% if not loop.last %}, {% endif %}{% endfor %})
{%- endmacro %}
