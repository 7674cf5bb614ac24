{#- Full deliveries as points in the order of statements. Their line is 0, and so a list comes before its own rows (line 2 and
    later): it never withdraws what it states itself. -#}
{% macro snapshots(sources) -%}
    {%- for source in sources %}
    select distinct
        {{ source_name('department', source.feed) }} as source,
        _delivery,
        concat({{ receipt('received_at', 0) }}) as version
    from {{ ledger() }}
    where state = 'accepted' and feed = '{{ source.feed }}' and {{ newly_accepted('received_at') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{% macro ledger() -%}
    {{ source('ops', 'delivery') }}
{%- endmacro %}
