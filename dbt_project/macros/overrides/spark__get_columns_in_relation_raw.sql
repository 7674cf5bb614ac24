{#- A table that Sail knows by its path shows no columns in `describe extended`; the answer to a query has them. -#}
{% macro spark__get_columns_in_relation_raw(relation) -%}
    {% set columns = adapter.get_column_schema_from_query('select * from ' ~ relation ~ ' limit 0') %}
    {% call statement('get_columns_in_relation_raw', fetch_result=True) %}
        select * from values
        {% for column in columns %}
        ('{{ column.name }}', '{{ column.dtype }}', ''){% if not loop.last %},{% endif %}
        {% endfor %}
        as described (col_name, data_type, comment)
    {% endcall %}
    {% do return(load_result('get_columns_in_relation_raw').table) %}
{% endmacro %}
