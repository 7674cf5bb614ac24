{#- The order in which statements count, as text of fixed width. A row without an envelope counts from its receipt,
    received|delivery|line; one with an envelope from when it was true at its source, cd_time|cd_batch|received|delivery|line.
    chr(31) ends a claim that begins with a version (macro claim), so it is left out of what a sender calls a batch. -#}
{% macro version(feed) -%}
    {%- set received = receipt('_received_at', '_line') -%}
    {%- if feed_facts()[feed].mode == 'full' -%}
        concat({{ received }})
    {%- else -%}
        case when cd_time is null and cd_batch is null then concat({{ received }})
            else concat(
                lpad(cast(unix_micros(coalesce(cd_time, _received_at)) as string), 16, '0'), '|',
                lpad(replace(coalesce(cd_batch, ''), chr(31), ''), 30, '0'), '|', {{ received }}) end
    {%- endif -%}
{%- endmacro %}
