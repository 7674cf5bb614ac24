{#- The words that the table keeps: of the keys spoken of now, and with full snapshots of all, since they may be left out.
    (explode of a map itself panics in Sail 0.7, of its keys it does not.) -#}
{% macro known_words(key, is_own, full) -%}
    {%- set known -%}
        {{ this }} as known
        {%- if not full %}
        left semi join statement
            on {% for column in key %}statement.{{ column }} = known.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
        {%- endif %}
    {%- endset -%}
    {%- if is_own -%}
    select {% for column in key %}known.{{ column }}, {% endfor %} known.department, known._version, known._withdrawn_version,
        known._version, known._withdrawn_version, 1
    from {{ known }}
    {%- else -%}
    select {{ key | join(', ') }}, teller, _stated_by[teller], _withdrawn_by[teller], _stated_by[teller], _withdrawn_by[teller], 1
    from (
        select {% for column in key %}known.{{ column }}, {% endfor %} known._stated_by, known._withdrawn_by
        from {{ known }}
    ) as kept
    lateral view explode(array_union(map_keys(_stated_by), map_keys(_withdrawn_by))) tellers as teller
    {%- endif -%}
{%- endmacro %}
