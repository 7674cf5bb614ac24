{#- The time with which a version begins. -#}
{% macro moment(version) -%}
    timestamp_micros(cast(substr({{ version }}, 1, 16) as bigint))
{%- endmacro %}
