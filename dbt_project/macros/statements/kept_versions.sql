{#- The versions that the table keeps: of the keys spoken of now, and with full snapshots of all, since they may be left out.
    (explode of a map itself panics in Sail 0.7, of its keys it does not.) -#}
{% macro kept_versions(base, sources, full) -%}
    {%- set rows -%}
        {% if base.partition %}(select * from {{ this }} where true {{ on_days(this.identifier, base.partition) }}){% else %}{{ this }}{% endif %} as known
        {%- if not full %}
        left semi join statement
            on {% for column in base.key %}statement.{{ column }} = known.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
        {%- endif %}
    {%- endset -%}
    {%- if base.has_one_source -%}
    select {% for column in base.key %}known.{{ column }}, {% endfor %} {{ source_name('known.department', sources[0].feed) }},
        known._version, known._withdrawn_version, known._version, known._withdrawn_version, 1
    from {{ rows }}
    {%- else -%}
    select {{ base.key | join(', ') }}, source, _stated_by[source], _withdrawn_by[source], _stated_by[source], _withdrawn_by[source], 1
    from (
        select {% for column in base.key %}known.{{ column }}, {% endfor %} known._stated_by, known._withdrawn_by
        from {{ rows }}
    ) as kept
    lateral view explode(array_union(map_keys(_stated_by), map_keys(_withdrawn_by))) names as source
    {%- endif -%}
{%- endmacro %}
