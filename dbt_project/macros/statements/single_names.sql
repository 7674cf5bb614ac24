{#- Objects by name, of the table of objects (supervised_object): a name that two objects have names neither. -#}
{% macro single_names(table) -%}
    (
        select object_name, max(object_id) as object_id
        from {{ standing(table) }}
        where object_name is not null
        group by object_name
        having count(*) = 1
    )
{%- endmacro %}
