{#- The CTE `dated`: the rows with `valid_until`, the last day on which each holds: the first of the day that was stated, the
    day before it was ended (revoked, say), the day before the next version of the same thing begins, and the day before it
    was withdrawn.

    A version that stands is ended by the next one that stands; one that was withdrawn by any later one, so that a list
    which names only today's versions closes those of before. The day of a withdrawal is China's, eight hours ahead. With the
    rows that are new come those whose end they move: of them the merge takes over no more than that. -#}
{% macro validity(base, rows) -%}
{%- set begins = base.valid['from'] -%}
{%- set days = [begins, base.valid.to, base.valid.ended] | select | list -%}
{%- set carried = base.columns | rejectattr('how', 'in', ['place', 'lookup', 'sql']) | rejectattr('name', 'equalto', 'valid_until') | list -%}
{%- set same = namespace(key=[], thing=[]) -%}
{%- for column in base.key %}{% do same.key.append('known.' ~ column ~ ' = said.' ~ column) %}{% endfor -%}
{%- for column in base.valid.each %}{% do same.thing.append('known.' ~ column ~ ' = said.' ~ column) %}{% endfor -%}
{%- set has_others = is_incremental() and base.valid.each -%}
span as (
    select
        {% for column in base.key %}said.{{ column }}, {% endfor %}
        {%- for day in days if day not in base.key %}
        {% if is_incremental() %}case when said.is_stated then said.{{ day }} else known.{{ day }} end{% else %}said.{{ day }}{% endif %} as {{ day }},
        {%- endfor %}
        said.withdrawn_at
    from {{ rows }} as said
    {%- if is_incremental() %}
    left join {{ this }} as known on {{ same.key | join(' and ') }}
    {%- endif %}
    {%- if has_others %}
    union all
    select
        {% for column in base.key %}known.{{ column }}, {% endfor %}
        {%- for day in days if day not in base.key %}known.{{ day }}, {% endfor %}
        known.withdrawn_at
    from {{ this }} as known
    left semi join {{ rows }} as said on {{ same.thing | join(' and ') }}
    left anti join {{ rows }} as said on {{ same.key | join(' and ') }}
    {%- endif %}
),

{% if base.valid.each -%}
followed as (
    select
        span.*,
        min({{ begins }}) over following as next_version,
        min(case when withdrawn_at is null then {{ begins }} end) over following as next_standing
    from span
    window following as (
        partition by {{ base.valid.each | join(', ') }} order by {{ begins }} nulls first, {{ base.key | join(', ') }}
        rows between 1 following and unbounded following
    )
),

{% endif -%}
ended as (
    select
        {{ base.key | join(', ') }},
        least(
            {%- if base.valid.to %}
            {{ base.valid.to }},
            {%- endif %}
            {%- if base.valid.ended %}
            date_sub({{ base.valid.ended }}, 1),
            {%- endif %}
            {%- if base.valid.each %}
            date_sub(case when withdrawn_at is null then next_standing else next_version end, 1),
            {%- endif %}
            date_sub({{ day_in_china('withdrawn_at') }}, 1)
        ) as valid_until
    from {{ 'followed' if base.valid.each else 'span' }}
),

dated as (
    select
        {% for column in carried %}said.{{ column.name }}, {% endfor %}
        known.valid_until
    from {{ rows }} as said
    join ended as known on {{ same.key | join(' and ') }}
    {%- if has_others %}
    union all
    select
        {% for column in carried %}known.{{ column.name }}, {% endfor %}
        said.valid_until
    from {{ this }} as known
    join ended as said on {{ same.key | join(' and ') }}
    left anti join {{ rows }} as new on {{ same.key | join(' and ') | replace('said.', 'new.') }}
    where not (said.valid_until <=> known.valid_until)
    {%- endif %}
)
{%- endmacro %}
