{#- Where a table lies, told when its statement runs: a project that was parsed once is good for every home. -#}
{% macro spark__location_clause() %}
  location '{{ env_var("LAKEWARDEN_WAREHOUSE") }}/{{ model.schema }}/{{ model.alias }}'
{%- endmacro %}
