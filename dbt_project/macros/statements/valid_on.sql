{#- Whether a row of a base table holds on a day, as it is known now; `day` is an expression. -#}
{% macro holds_on(table, day) -%}
    {%- set begins = valid_facts().get(table, {})['from'] or 'null' -%}
    ({{ begins }} is null or {{ begins }} <= {{ day }}) and (valid_until is null or valid_until >= {{ day }})
{%- endmacro %}

{#- The rows that do. (A model that reads a table which other contracts than ours lack is off, and is parsed
    nevertheless.) -#}
{% macro valid_on(table, day) -%}
    (select * from {{ ref(table) }} where {{ holds_on(table, day) }})
{%- endmacro %}
