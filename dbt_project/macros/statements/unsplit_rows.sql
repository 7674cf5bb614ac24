{#- The text of those rows of full deliveries that could not be split into cells. -#}
{% macro unsplit_rows(sources) -%}
    {%- for source in sources %}
    select _delivery, {{ spelled("_row['_row']") }} as row_text
    from {{ quarantine_table(source.feed) }}
    where _row['_row'] is not null and {{ newly_accepted() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
