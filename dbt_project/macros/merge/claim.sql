{#- What a column states, behind its place in the order of claims, as one text: the highest text is the winner and holds both.
    (The value beside the highest claim, max_by, takes Sail 0.7 four times as long as max of the two together.) -#}
{% macro claim(order, column, type) -%}
    concat({{ order }}, chr(31), {% if type.startswith('array') %}to_json({{ column }}){% else %}cast({{ column }} as string){% endif %})
{%- endmacro %}

{#- The place of a claim in the order. -#}
{% macro claim_order(claim) -%}
    substr({{ claim }}, 1, instr({{ claim }}, chr(31)) - 1)
{%- endmacro %}

{#- What a claim states. -#}
{% macro claimed(claim, type) -%}
    {% set text = 'substr(' ~ claim ~ ', instr(' ~ claim ~ ', chr(31)) + 1)' -%}
    {% if type.startswith('array') %}from_json({{ text }}, '{{ type }}'){% else %}cast({{ text }} as {{ type }}){% endif %}
{%- endmacro %}
