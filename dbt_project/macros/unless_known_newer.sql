{#- Ends a select from `rows`: leaves out what the table already knows from a newer statement. -#}
{% macro unless_known_newer(rows, key) -%}
    {%- if is_incremental() -%}
    left join {{ this }} as known
        on {% for column in key %}known.{{ column }} = {{ rows }}.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
    where known._version is null or known._version < {{ rows }}._version
    {%- endif -%}
{%- endmacro %}
