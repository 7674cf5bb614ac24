{#- The feeds whose every delivery is everything there is. -#}
{% macro snapshot_feeds() -%}
    {%- set found = [] -%}
    {%- for feed, facts in feed_facts().items() if facts.mode == 'full' %}{% do found.append(feed) %}{% endfor -%}
    {{ return(found) }}
{%- endmacro %}
