{#- The CTE `placed`: the rows with the columns that follow from a place or a code. Places are today's divisions. A place is a
    division's code, or an identity (USCC), whose digits 3 to 8 name the division that issued it.
    (In a CTE of its own under other names, so that a column may be replaced by its own successor.) -#}
{% macro with_places(base, rows) -%}
{%- set named = namespace(columns=[]) -%}
{%- for column in base.columns %}{% for name in column.place if name not in named.columns %}{% do named.columns.append(name) %}{% endfor %}{% endfor -%}
placed as (
    select
        {{ rows }}.*
        {%- for column in base.columns if column.how == 'place' %},
        {% if column.place | length > 1 %}coalesce({% endif -%}
        {%- for name in column.place %}place_of_{{ name }}.city_code{% if not loop.last %}, {% endif %}{% endfor -%}
        {%- if column.place | length > 1 %}){% endif %} as {{ column.name }}
        {%- endfor %}
        {%- for column in base.columns if column.how == 'lookup' %},
        {{ column.name }}_found.{{ column.lookup.give }} as {{ column.name }}
        {%- endfor %}
        {%- for column in base.columns if column.is_current %},
        coalesce(place_of_{{ column.name }}.current_code, {{ rows }}.{{ column.name }}) as {{ column.name }}_current
        {%- endfor %}
    from {{ rows }}
    {%- for name in named.columns %}
    left join {{ source('codes', 'region') }} as place_of_{{ name }}
        on place_of_{{ name }}.code = {% if name == 'object_id' %}substr({{ rows }}.{{ name }}, 3, 6){% else %}{{ rows }}.{{ name }}{% endif %}
    {%- endfor %}
    {%- for column in base.columns if column.how == 'lookup' %}
    left join {{ source('codes', column.lookup.table) }} as {{ column.name }}_found
        on {{ column.name }}_found.code = {{ rows }}.{{ column.lookup.by }}
    {%- endfor %}
)
{%- endmacro %}

{#- The table's columns in its contract's order. -#}
{% macro select_columns(base) -%}
select
    {%- for column in base.columns %}
    {% if column.how == 'sql' %}{{ column.sql }} as {% elif column.is_current %}{{ column.name }}_current as {% endif %}{{ column.name }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
from placed
{%- endmacro %}
