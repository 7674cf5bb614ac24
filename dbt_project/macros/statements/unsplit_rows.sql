{#- The text of those rows of full deliveries that could not be split into cells. -#}
{% macro unsplit_rows(sources) -%}
    {%- for source in sources %}
    select _list as _delivery, {{ spelled("_row['_row']") }} as row_text
    from {{ quarantine_table(source.feed) }}
    join list_part on _part = _delivery
    where _row['_row'] is not null and {{ mentioning() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
