{#- One row a supervised organisation. Every column is a claim of its own: the highest `rank|received|delivery|line`
    wins, an empty cell claims nothing, and `claims` keeps the winners' order so that the next day needs no history.
    Only the registry withdraws a firm or takes it up again: the rows of its own feeds are words, others are claims alone. -#}
{% set spoken = object_claims() %}
{% set columns = dict(spoken.columns, flags='array<string>') %}
{% set registries = spoken.feeds | selectattr('is_registry') | map(attribute='feed') | list %}

with statement as (
    {% for feed in spoken.feeds %}
    {% set claims = dict(feed.columns, flags={'value': '_flags', 'rank': "'2'"}) if feed.is_registry else feed.columns %}
    select
        {{ 'uscc' if feed.has_uscc else object_of_act() }} as object_id,
        array(_department) as sources,
        {% for column, type in columns.items() %}
        {% set stated = claims.get(column, {'value': 'null', 'rank': "''"}) %}
        cast({{ stated.value }} as {{ type }}) as {{ column }},
        {{ stated.rank }} as {{ column }}_rank,
        {% endfor %}
        {{ said(feed.feed, "'" ~ feed.feed ~ "'" if feed.is_registry else 'cast(null as string)') }}
    from {{ source('silver', feed.feed) }}
    where {{ newly_accepted() }}{% if not feed.is_registry %} and not {{ is_deletion(feed.feed) }}{% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

{{ words(['object_id'], registries, by='feed') }},

claim as (
    select
        object_id,
        sources,
        {% for column, type in columns.items() %}
        {{ claim("concat(" ~ column ~ "_rank, '|', _version)", column, type) }} as {{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from statement
    where object_id is not null
    {% if is_incremental() %}
    union all
    select
        object_id,
        sources,
        {% for column, type in columns.items() %}
        {{ claim("claims." ~ column, column, type) }} as {{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ this }}
    where object_id in (select object_id from statement union all select object_id from standing where is_changed)
    {% endif %}
),

winner as (
    select
        object_id,
        array_sort(array_distinct(flatten(collect_list(sources)))) as sources,
        {% for column in columns %}
        max({{ column }}) as {{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from claim
    group by object_id
),

merged as (
    select
        object_id,
        sources,
        {% for column, type in columns.items() %}
        {{ claimed(column, type) }} as {{ column }},
        {% endfor %}
        named_struct(
            {% for column in columns %}
            '{{ column }}', {{ claim_order(column) }}{% if not loop.last %},{% endif %}
            {% endfor %}
        ) as claims
    from winner
),

placed as (
    select
        merged.object_id,
        {% for column in spoken.columns if column != 'region_code' %}
        merged.{{ column }},
        {% endfor %}
        coalesce(place.current_code, merged.region_code) as region_code,
        substr(merged.object_id, 3, 6) as registration_region_code,
        origin.city_code as registration_city_code,
        coalesce(place.city_code, origin.city_code) as city_code,
        merged.sources,
        merged.flags,
        merged.claims,
        standing.withdrawn_at,
        standing._stated_by,
        standing._withdrawn_by
    from merged
    left join standing on standing.object_id = merged.object_id
    left join {{ source('codes', 'region') }} as place on place.code = merged.region_code
    left join {{ source('codes', 'region') }} as origin on origin.code = substr(merged.object_id, 3, 6)
)

select * from placed
