{#- Which keys of `statement` (key columns, teller, _version, _withdrawn) stand: CTE `standing`, one row a key, with what
    the table keeps of it. A teller's word is the newest version by which it states a key, and the one by which it took that
    back: of a change feed the newest deletion, of a full feed the first later snapshot that does not mention the key.
    The key is withdrawn when all its tellers have taken it back.

    feeds: those whose rows are words, by: what a teller is in ops.delivery (department or feed). A table whose key holds
    the department has one teller a key and keeps its word in two columns, any other keeps maps by teller. -#}
{% macro words(key, feeds, by='department') -%}
    {%- set keys = key | join(', ') -%}
    {%- set is_own = 'department' in key -%}
    {%- set full = feeds | select('in', snapshot_feeds()) | list -%}
    {%- if full %}
snapshots as (
    {{ snapshots(full, by) }}
),

mention as (
    {{ mentions(full) }}
),

unsplit as (
    {{ unsplit_rows(full) }}
),
    {%- endif %}

told as (
    select
        {{ keys }},
        teller,
        max(_version) as stated,
        max(_withdrawn) as withdrawn,
        max(known_version) as known_version,
        max(known_withdrawn) as known_withdrawn,
        max(is_known) as is_known
    from (
        select
            {{ keys }}, teller, _version, _withdrawn,
            cast(null as string) as known_version, cast(null as string) as known_withdrawn, 0 as is_known
        from statement
        where teller is not null
        {% if is_incremental() %}
        union all
        {{ known_words(key, is_own, full) }}
        {% endif %}
    )
    group by {{ keys }}, teller
),
    {%- if full %}

unmentioned as (
    select told.*, snapshots._delivery, snapshots.version
    from told
    join snapshots on snapshots.teller = told.teller and snapshots.version > told.stated
    left anti join mention on mention._delivery = snapshots._delivery and mention.key_text = {{ key_text(key, 'told') }}
),

missed as (
    select {{ keys }}, teller, min(version) as version
    from unmentioned
    left anti join unsplit
        on unsplit._delivery = unmentioned._delivery
        {% for column in key if column != 'department' %}and instr(unsplit.row_text, {{ spelled('unmentioned.' ~ column) }}) > 0 {% endfor %}
    group by {{ keys }}, teller
),
    {%- endif %}

word as (
    select
        {% for column in key %}told.{{ column }}, {% endfor %}
        told.teller,
        told.stated,
        {% if full -%}
        least(case when told.stated is null or told.withdrawn > told.stated then told.withdrawn end, missed.version)
        {%- else -%}
        case when told.stated is null or told.withdrawn > told.stated then told.withdrawn end
        {%- endif %} as withdrawn,
        told.known_version,
        told.known_withdrawn,
        told.is_known
    from told
    {% if full -%}
    left join missed
        on missed.teller = told.teller
        {% for column in key %}and missed.{{ column }} = told.{{ column }} {% endfor %}
    {%- endif %}
),

standing as (
    {% if is_own -%}
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
        map_from_entries(collect_list(case when stated is not null then struct(teller, stated) end)) as _stated_by,
        map_from_entries(collect_list(case when withdrawn is not null then struct(teller, withdrawn) end)) as _withdrawn_by,
        max(case when is_known = 1 and stated <=> known_version and withdrawn <=> known_withdrawn then 0 else 1 end) = 1
            as is_changed
    from word
    group by {{ keys }}
    {%- endif %}
)
{%- endmacro %}
