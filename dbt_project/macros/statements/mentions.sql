{#- The keys that the accepted rows of full deliveries state; what is plain text is spelled as in a comparison. -#}
{% macro mentions(sources, base) -%}
    {%- for source in sources %}
    select distinct
        _delivery
        {%- for column in base.key if column != 'department' %}, {{ spelled_key(column, source.stated[column].value, base) }} as {{ column }}{% endfor %}
    from {{ source_table(source.feed) }}
    where {{ newly_accepted() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- The keys of rows of full deliveries that were not accepted, as delivered: a bad row does not leave its key out. -#}
{% macro rejected_mentions(sources, key) -%}
    {%- for source in sources %}
    {%- set cells = [] %}
    {%- for column in key %}{% do cells.append("_row['" ~ source.stated[column].value ~ "']") %}{% endfor %}
    select distinct
        _delivery, concat_ws('|', {% for cell in cells %}{{ spelled(cell) }}{% if not loop.last %}, {% endif %}{% endfor %}) as key_text
    from {{ quarantine_table(source.feed) }}
    where {{ cells | join(' is not null and ') }} is not null and {{ newly_accepted() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{% macro quarantine_table(feed) -%}
    {{ source('quarantine', feed) }}
{%- endmacro %}

{% macro spelled_key(column, value, base) -%}
    {% if column in base.plain_key %}{{ spelled(value) }}{% else %}{{ value }}{% endif %}
{%- endmacro %}
