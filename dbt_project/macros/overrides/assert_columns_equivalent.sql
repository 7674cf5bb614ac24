{#- A model gives the columns of its contract, in any order, with their types. dbt's own macro asks the engine for the types
    of what the contract says too, by a second query; ours are spelled as the engine spells them. -#}
{% macro assert_columns_equivalent(sql) %}
    {%- set given = get_column_schema_from_query(sql, config.get('sql_header', none)) -%}
    {%- set declared = [] -%}
    {%- for name, column in model.columns.items() %}{% do declared.append(api.Column(name, column.data_type)) %}{% endfor -%}
    {%- set given, declared = format_columns(given), format_columns(declared) -%}
    {%- if given | map(attribute='formatted') | sort != declared | map(attribute='formatted') | sort -%}
        {%- do exceptions.raise_contract_error(declared, given) -%}
    {%- endif -%}
{% endmacro %}
