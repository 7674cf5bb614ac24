{#- Of a table that lies by days (`partition` in its contract): only the days that the run's deliveries speak of, which are told
    by spark_jobs/building/days.py; nothing where all days are asked for, or the table does not lie by days. -#}
{% macro on_days(table, partition, alias='') -%}
    {%- set days = var('days', {}).get(table) -%}
    {%- if partition and days is not none -%}
    and {% if days %}{{ alias }}{{ partition }} in (date'{{ days | join("', date'") }}'){% else %}false{% endif %}
    {%- endif -%}
{%- endmacro %}
