{#- One row a key of `rows`: the statement that was received last. -#}
{% macro newest(rows, key) -%}
    select * from (
        select *, row_number() over (partition by {{ key | join(', ') }} order by _version desc) as _recency
        from {{ rows }}
    ) where _recency = 1
{%- endmacro %}
