{#- Whether a row of a feed takes back what was said under its key. -#}
{% macro is_deletion(feed) -%}
    {%- if feed_facts()[feed].mode == 'full' -%} false {%- else -%} coalesce(cd_operation = 'D', false) {%- endif -%}
{%- endmacro %}
