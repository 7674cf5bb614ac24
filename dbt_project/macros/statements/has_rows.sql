{#- Whether a table, such as base.licence, holds a row, or is built in this run: what reads none is not worth planning. -#}
{% macro has_rows(table) -%}
    {{ return(table not in var('empty', [])) }}
{%- endmacro %}
