{#- A table that Sail knows by its path shows no columns in `describe extended`; the answer to a query has them. -#}
{% macro spark__get_columns_in_relation_raw(relation) -%}
    {% set columns = adapter.get_column_schema_from_query('select * from ' ~ relation ~ ' limit 0') %}
    {% call statement('get_columns_in_relation_raw', fetch_result=True) %}
        {% for column in columns %}
        select '{{ column.name }}' as col_name, '{{ column.dtype }}' as data_type, '' as comment
        {% if not loop.last %}union all{% endif %}
        {% endfor %}
    {% endcall %}
    {% do return(load_result('get_columns_in_relation_raw').table) %}
{% endmacro %}
