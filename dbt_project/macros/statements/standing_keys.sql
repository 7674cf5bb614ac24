{#- Which keys stand. Needs a CTE `statement` with the key's columns, source, _version and _withdrawn; gives a CTE `standing`:
    one row a key, whether and since when it is withdrawn, and what the table keeps to know that next time.

    Of each source two versions count: the newest by which it states the key (stated), and the one by which it took that
    back (withdrawn): of a change feed its newest deletion, of a full feed the first later snapshot that does not mention
    the key. A key is withdrawn when all its sources have taken it back.

    sources: the feeds whose rows count. base.has_one_source: no key can have two sources, so its versions are kept in two
    columns; otherwise in maps by source. base.plain_key: the key's columns whose cells can be compared as delivered. -#}
{% macro standing_keys(base, sources) -%}
    {%- set keys = base.key | join(', ') -%}
    {%- set full = sources | selectattr('mode', 'equalto', 'full') | list -%}
    {%- if full %}
snapshot as (
    {{ snapshots(full) }}
),

list_part as (
    {{ list_parts(full) }}
),

mention as (
    {{ mentions(full, base) }}
),

rejected_mention as (
    {{ rejected_mentions(full, base.plain_key) }}
),

unsplit as (
    {{ unsplit_rows(full) }}
),
    {%- endif %}

versions as (
    select
        {{ keys }},
        source,
        max(_version) as stated,
        max(_withdrawn) as withdrawn,
        max(known_version) as known_version,
        max(known_withdrawn) as known_withdrawn,
        max(is_known) as is_known
    from (
        select
            {{ keys }}, source, _version, _withdrawn,
            cast(null as string) as known_version, cast(null as string) as known_withdrawn, 0 as is_known
        from statement
        where source is not null
        {% if is_incremental() %}
        union all
        {{ kept_versions(base, sources, full) }}
        {% endif %}
    )
    group by {{ keys }}, source
),
    {%- if full %}

unmentioned as (
    select versions.*, snapshot._delivery, snapshot.version
    from versions
    join snapshot on snapshot.source = versions.source and snapshot.version > versions.stated
    left anti join mention
        on mention._delivery = snapshot._delivery
        {%- for column in base.key if column != 'department' %} and mention.{{ column }} = {{ spelled_key(column, 'versions.' ~ column, base) }}{% endfor %}
    left anti join rejected_mention
        on rejected_mention._delivery = snapshot._delivery
        and rejected_mention.key_text = {{ key_text(base.plain_key, 'versions') }}
),

left_out as (
    select {{ keys }}, source, min(version) as version
    from unmentioned
    left anti join unsplit
        on unsplit._delivery = unmentioned._delivery
        {% for column in base.plain_key %}and instr(unsplit.row_text, {{ spelled('unmentioned.' ~ column) }}) > 0 {% endfor %}
    group by {{ keys }}, source
),
    {%- endif %}

word as (
    select
        {% for column in base.key %}versions.{{ column }}, {% endfor %}
        versions.source,
        versions.stated,
        {% if full -%}
        least(
            case when versions.stated is null or versions.withdrawn > versions.stated then versions.withdrawn end,
            left_out.version)
        {%- else -%}
        case when versions.stated is null or versions.withdrawn > versions.stated then versions.withdrawn end
        {%- endif %} as withdrawn,
        versions.known_version,
        versions.known_withdrawn,
        versions.is_known
    from versions
    {% if full -%}
    left join left_out
        on left_out.source = versions.source
        {% for column in base.key %}and left_out.{{ column }} = versions.{{ column }} {% endfor %}
    {%- endif %}
),

standing as (
    {% if base.has_one_source -%}
    select
        {{ keys }},
        {{ moment('withdrawn') }} as withdrawn_at,
        stated as _version,
        withdrawn as _withdrawn_version,
        is_known = 0 or not (stated <=> known_version and withdrawn <=> known_withdrawn) as is_changed
    from word
    {%- else -%}
    select
        {{ keys }},
        case when count(*) = count(withdrawn) then {{ moment('max(withdrawn)') }} end as withdrawn_at,
        max(stated) as _version,
        map_from_entries(collect_list(case when stated is not null then struct(source, stated) end)) as _stated_by,
        map_from_entries(collect_list(case when withdrawn is not null then struct(source, withdrawn) end)) as _withdrawn_by,
        max(case when is_known = 1 and stated <=> known_version and withdrawn <=> known_withdrawn then 0 else 1 end) = 1
            as is_changed
    from word
    group by {{ keys }}
    {%- endif %}
)
{%- endmacro %}
