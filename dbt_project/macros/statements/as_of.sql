{#- The day that figures are as of, as a date; a model that calls this is built anew every day. -#}
{% macro as_of() %}cast('{{ var('as_of', '2000-01-01') }}' as date){% endmacro %}
