{#- The sources of a base table, without the feeds that are parked because they cannot be merged (spark_jobs/building). -#}
{% macro unparked(sources) -%}
    {{ return(sources | rejectattr('feed', 'in', var('parked', [])) | list) }}
{%- endmacro %}

{#- Where a feed's accepted rows lie. (A macro: inside a loop over sources, `source` is the loop's.) -#}
{% macro source_table(feed) -%}
    {{ source('silver', feed) }}
{%- endmacro %}
