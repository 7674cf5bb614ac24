{#- The keys that full deliveries speak of, in rows that were accepted and in rows that were not. -#}
{% macro mentions(feeds) -%}
    {%- for feed in feeds %}
    {%- set cells = [] %}
    {%- for column in feed_facts()[feed].key %}{% do cells.append("_row['" ~ column ~ "']") %}{% endfor %}
    select _delivery, concat_ws('|', {% for column in feed_facts()[feed].key %}{{ spelled(column) }}{% if not loop.last %}, {% endif %}{% endfor %}) as key_text
    from {{ source('silver', feed) }}
    where {{ newly_accepted() }}
    union
    select _delivery, concat_ws('|', {% for cell in cells %}{{ spelled(cell) }}{% if not loop.last %}, {% endif %}{% endfor %})
    from {{ source('quarantine', feed) }}
    where {{ cells | join(' is not null and ') }} is not null and {{ newly_accepted() }}
    {%- if not loop.last %} union {% endif %}
    {%- endfor %}
{%- endmacro %}
