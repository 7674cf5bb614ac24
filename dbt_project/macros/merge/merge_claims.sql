{#- A base table whose every column is a claim of its own: its whole SELECT, from what its contract says (`base`).

    Of the claims of a column the highest wins: `rank|version`, where the rank says whose word it is (the authority's own
    feed 2, the authority in a standard feed 1, anybody else 0). An empty cell claims nothing. `claims` keeps the winners'
    places in that order, so that the next day needs no history. Only the rows of registry feeds say whether a key is
    there or gone; the rows of others are claims alone. -#}
{% macro merge_claims(base) -%}
{%- set sources = read_sources(base.sources) -%}
{%- set columns = base.columns | selectattr('how', 'equalto', 'stated') | list + [{'name': 'flags', 'type': 'array<string>'}] -%}
{%- set keys = base.key | join(', ') -%}
with statement as (
    {%- for source in sources %}
    select
        {%- for column in base.key %}
        {{ source.stated[column].value }} as {{ column }},
        {%- endfor %}
        array(_department) as sources,
        {%- for column in columns %}
        {%- set claim = source.stated.get(column.name, {'value': 'null', 'rank': "''"}) %}
        cast({{ claim.value }} as {{ column.type }}) as {{ column.name }},
        {{ claim.rank }} as {{ column.name }}_rank,
        {%- endfor %}
        {{ stated_or_withdrawn(source.feed, is_counted=source.is_registry) }}
    from {{ source_table(source.feed) }}
    where {{ newly_accepted() }}{% for column in source.nullable_keys %} and {{ column }} is not null{% endfor %}
    {%- if not source.is_registry %} and not {{ is_deletion(source.feed) }}{% endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{{ standing_keys(base, sources | selectattr('is_registry') | list) }},

claim as (
    select
        {{ keys }},
        sources,
        {%- for column in columns %}
        {{ claim("concat(" ~ column.name ~ "_rank, '|', _version)", column.name, column.type) }} as {{ column.name }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from statement
    {%- if is_incremental() %}
    union all
    select
        {{ keys }},
        sources,
        {%- for column in columns %}
        {{ claim("claims." ~ column.name, column.name, column.type) }} as {{ column.name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ this }}
    left semi join (select {{ keys }} from statement union all select {{ keys }} from standing where is_changed) as spoken_of
        on {% for column in base.key %}spoken_of.{{ column }} = {{ this }}.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
    {%- endif %}
),

winner as (
    select
        {{ keys }},
        array_sort(array_distinct(flatten(collect_list(sources)))) as sources,
        {%- for column in columns %}
        max({{ column.name }}) as {{ column.name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from claim
    group by {{ keys }}
),

merged as (
    select
        {%- for column in base.key %}
        winner.{{ column }},
        {%- endfor %}
        winner.sources,
        {%- for column in columns %}
        {{ claimed('winner.' ~ column.name, column.type) }} as {{ column.name }},
        {%- endfor %}
        named_struct(
            {%- for column in columns %}
            '{{ column.name }}', {{ claim_order('winner.' ~ column.name) }}{% if not loop.last %},{% endif %}
            {%- endfor %}
        ) as claims,
        standing.withdrawn_at,
        standing._stated_by,
        standing._withdrawn_by
    from winner
    left join standing
        on {% for column in base.key %}standing.{{ column }} = winner.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
),

{{ with_places(base, 'merged') }}

{{ select_columns(base) }}
{%- endmacro %}
