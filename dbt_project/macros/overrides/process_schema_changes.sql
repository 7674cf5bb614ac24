{#- A base table whose columns are not its contract's is rebuilt whole before dbt looks at it (spark_jobs/building/dbt.py);
    dbt's own comparison would cost eight queries a table and only stop the run. -#}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) -%}
    {% do return({}) %}
{%- endmacro %}
