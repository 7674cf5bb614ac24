{#- Merges a day's rows. They are laid down first, in layer `work`: a merge asks its source several times, and Sail works
    the whole select out each time (56,000 rows: 3.9 s from the view, 0.5 s laid down first). -#}
{% macro spark__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {% set laid = 'work.' ~ target.schema ~ '_' ~ target.identifier %}
    {% call statement('work_schema') %}create schema if not exists work{% endcall %}
    {% call statement('forget_laid') %}drop table if exists {{ laid }}{% endcall %}
    {% call statement('lay_down') %}
        create or replace table {{ laid }} using delta
        location '{{ env_var("LAKEWARDEN_WAREHOUSE") }}/{{ laid | replace(".", "/") }}'
        as select * from {{ source }}
    {% endcall %}
    merge into {{ target }} as known
    using {{ laid }} as said
    on {% for column in unique_key %}known.{{ column }} = said.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
    when matched then update set *
    when not matched then insert *
{%- endmacro %}
