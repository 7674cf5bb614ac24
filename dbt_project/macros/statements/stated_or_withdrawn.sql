{#- Of a feed's row: `source` (department/feed), `_version` if the row states its key, `_withdrawn` if it takes it back; one
    of the two is null. is_counted: whether the feed's word says that the key is there or gone; else `source` is null. -#}
{% macro stated_or_withdrawn(feed, is_counted=true) -%}
    {% if is_counted %}{{ source_name("_department", feed) }}{% else %}cast(null as string){% endif %} as source,
        case when not {{ is_deletion(feed) }} then {{ version(feed) }} end as _version,
        case when {{ is_deletion(feed) }} then {{ version(feed) }} end as _withdrawn
{%- endmacro %}

{#- Who makes a statement: a department by one of its feeds. Two lists of one department never withdraw each other's rows. -#}
{% macro source_name(department, feed) -%}
    concat({{ department }}, '/{{ feed }}')
{%- endmacro %}
