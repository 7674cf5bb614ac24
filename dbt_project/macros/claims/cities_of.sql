{#- Joins today's prefecture of the row's place, and, for rows that name none, of the division that issued the USCC. -#}
{% macro cities_of(rows) -%}
    left join {{ source('codes', 'region') }} as place on place.code = {{ rows }}.region_code
    left join {{ source('codes', 'region') }} as origin on origin.code = substr({{ rows }}.object_id, 3, 6)
{%- endmacro %}
