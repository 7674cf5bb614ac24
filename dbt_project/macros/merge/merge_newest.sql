{#- A base table of which the newest statement about a key is the row: its whole SELECT, from what its contract says
    (`base`, rendered into the model: dbt_project/render/base.py says what is in it). -#}
{% macro merge_newest(base) -%}
{%- set sources = read_sources(base.sources) -%}
with statement as (
    {%- for source in sources %}
    select
        {%- for column in base.columns if column.how in ('key', 'stated') %}
        {{ source.stated.get(column.name, {'value': 'cast(null as ' ~ column.type ~ ')'}).value }} as {{ column.name }},
        {%- endfor %}
        {{ stated_or_withdrawn(source.feed) }}
    from {{ source_table(source.feed) }}
    where {{ newly_accepted() }}{% for column in source.nullable_keys %} and {{ column }} is not null{% endfor %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{{ standing_keys(base, sources) }},

newest as (
    select
        {%- for column in base.columns if column.how in ('key', 'stated') %}
        {{ 'standing' if column.how == 'key' else 'statement' }}.{{ column.name }},
        {%- endfor %}
        standing.withdrawn_at,
        standing._version,
        {{ 'standing._withdrawn_version' if base.has_one_source else 'standing._stated_by, standing._withdrawn_by' }}
        {%- if base.valid %},
        statement._version is not null as is_stated
        {%- endif %}
    from standing
    {#- The row of the key's newest version, which no two rows share. There is none where the table knows a newer one, or
        the key was only taken back. #}
    left join statement
        on statement._version = standing._version
        {%- for column in base.key %} and statement.{{ column }} = standing.{{ column }}{% endfor %}
    where standing.is_changed
),

{% if base.valid -%}
{{ validity(base, 'newest') }},

{% endif -%}
{{ with_places(base, 'dated' if base.valid else 'newest') }}

{{ select_columns(base) }}
{%- endmacro %}
