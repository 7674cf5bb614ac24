{#- The sources of a base table whose feeds have deliveries to read and are not parked (spark_jobs/building): each costs the
    engine time to plan, with rows and without. -#}
{% macro read_sources(sources) -%}
    {%- set feeds = var('feeds', sources | map(attribute='feed') | list) -%}
    {{ return(sources | selectattr('feed', 'in', feeds) | list) }}
{%- endmacro %}

{#- Where a feed's accepted rows lie. (A macro: inside a loop over sources, `source` is the loop's.) -#}
{% macro source_table(feed) -%}
    {{ source('silver', feed) }}
{%- endmacro %}
