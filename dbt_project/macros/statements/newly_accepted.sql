{#- The rows to read: an incremental run's own deliveries, else all that were ever accepted; held ones never. -#}
{% macro newly_accepted(received_at='_received_at') -%}
    {%- if is_incremental() and not var('deliveries', []) -%}
        false
    {%- elif is_incremental() -%}
        _delivery in ('{{ var("deliveries") | join("', '") }}')
        {%- if var('since', none) %} and {{ received_at }} >= timestamp'{{ var("since") }}'{% endif %}
    {%- else -%}
        _delivery in (select _delivery from {{ source('ops', 'delivery') }} where state = 'accepted')
    {%- endif -%}
{%- endmacro %}
