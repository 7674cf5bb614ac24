{#- The rows of a base table that nobody has taken back: what themes and gold may count. -#}
{% macro standing(table) -%}
    (select * from {{ ref(table) }} where withdrawn_at is null)
{%- endmacro %}
