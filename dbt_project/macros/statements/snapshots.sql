{#- Full deliveries as points in the order of statements: before their own rows, after everything received earlier. -#}
{% macro snapshots(feeds, by) -%}
    select distinct
        {{ by }} as teller,
        _delivery,
        concat({{ receipt('received_at', 0) }}) as version
    from {{ source('ops', 'delivery') }}
    where state = 'accepted' and feed in ('{{ feeds | join("', '") }}') and {{ newly_accepted('received_at') }}
{%- endmacro %}
