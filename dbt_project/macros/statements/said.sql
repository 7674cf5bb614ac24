{#- Of a row: who says it, and whether by it the key is stated (`_version`) or taken back (`_withdrawn`). -#}
{% macro said(feed, teller='_department') -%}
    {{ teller }} as teller,
    case when not {{ is_deletion(feed) }} then {{ version(feed) }} end as _version,
    case when {{ is_deletion(feed) }} then {{ version(feed) }} end as _withdrawn
{%- endmacro %}
