{#- Merges a day's rows. They are laid down first, in layer `work`: a merge asks its source several times, and Sail works
    the whole select out each time (56,000 rows: 3.9 s from the view, 0.5 s laid down first).

    A row that was only withdrawn keeps its contents: where the table knows a newer statement, or the same, the merge
    takes over no more than whether it stands. -#}
{% macro spark__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {% set names = dest_columns | map(attribute='name') | list %}
    {% set whether_it_stands = ['withdrawn_at', '_withdrawn_version', '_stated_by', '_withdrawn_by'] | select('in', names) | list %}
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
    {% if '_version' in names -%}
    when matched and (known._version is null or said._version > known._version) then update set *
    when matched then update set {% for name in whether_it_stands %}{{ name }} = said.{{ name }}{% if not loop.last %}, {% endif %}{% endfor %}
    {%- else -%}
    when matched then update set *
    {%- endif %}
    when not matched then insert *
{%- endmacro %}
