{#- The text of those rows of full deliveries that could not be split into cells. -#}
{% macro unsplit_rows(feeds) -%}
    {%- for feed in feeds %}
    select _delivery, {{ spelled("_row['_row']") }} as row_text
    from {{ source('quarantine', feed) }}
    where _row['_row'] is not null and {{ newly_accepted() }}
    {%- if not loop.last %} union all {% endif %}
    {%- endfor %}
{%- endmacro %}
