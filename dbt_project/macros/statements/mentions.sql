{#- Which deliveries' rows are mentions of a full delivery: those of all parts of its list, in any state and of any run, since
    no part leaves out what another states; else its own. -#}
{% macro list_parts(sources) -%}
    select distinct _delivery as _list, explode(case when size(parts) > 0 then parts else array(_delivery) end) as _part
    from {{ ledger() }}
    where state = 'accepted' and feed in ('{{ sources | map(attribute='feed') | join("', '") }}') and {{ newly_accepted('received_at') }}
{%- endmacro %}

{#- The rows of these deliveries and of the parts that belong to them: what an incremental run must open. -#}
{% macro mentioning() -%}
    {%- if not is_incremental() -%}
        true
    {%- elif not var('mentioning', []) -%}
        false
    {%- else -%}
        _delivery in ('{{ var("mentioning") | join("', '") }}') and _received_at >= timestamp'{{ var("mentioning_since") }}'
    {%- endif -%}
{%- endmacro %}

{#- The keys that the accepted rows of full deliveries state; what is plain text is spelled as in a comparison. -#}
{% macro mentions(sources, base) -%}
    {%- for source in sources %}
    select distinct
        _list as _delivery
        {%- for column in base.key if column != 'department' %}, {{ spelled_key(column, source.stated[column].value, base) }} as {{ column }}{% endfor %}
    from {{ source_table(source.feed) }}
    join list_part on _part = _delivery
    where {{ mentioning() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- The keys of rows of full deliveries that were not accepted, as delivered: a bad row does not leave its key out. -#}
{% macro rejected_mentions(sources, key) -%}
    {%- for source in sources %}
    {%- set cells = [] %}
    {%- for column in key %}{% do cells.append("_row['" ~ source.stated[column].value ~ "']") %}{% endfor %}
    select distinct
        _list as _delivery, concat_ws('|', {% for cell in cells %}{{ spelled(cell) }}{% if not loop.last %}, {% endif %}{% endfor %}) as key_text
    from {{ quarantine_table(source.feed) }}
    join list_part on _part = _delivery
    where {{ cells | join(' is not null and ') }} is not null and {{ mentioning() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{% macro quarantine_table(feed) -%}
    {{ source('quarantine', feed) }}
{%- endmacro %}

{% macro spelled_key(column, value, base) -%}
    {% if column in base.plain_key %}{{ spelled(value) }}{% else %}{{ value }}{% endif %}
{%- endmacro %}
