{#- A key for comparison with a cell as it was delivered: half-width, in capitals, without space around it. -#}
{% macro spelled(cell) -%}
    upper(btrim(translate({{ cell }}, {{ characters().wide }}, {{ characters().narrow }})))
{%- endmacro %}
