{#- One row a key of `rows`: the newest statement; deletions state nothing. -#}
{% macro newest(rows, key) -%}
    select * from (
        select *, row_number() over (partition by {{ key | join(', ') }} order by _version desc) as _recency
        from {{ rows }}
        where _version is not null
    ) where _recency = 1
{%- endmacro %}
