{#- The parts of received|delivery|line. The start of a delivery's identity tells it from others received at the same
    moment; every object keeps these parts for every column, where the whole identity would be most of the text. (The
    cast: of `left` alone Sail 0.7 makes another kind of text, which then does not fit into the table's maps.) -#}
{% macro receipt(received_at, line) -%}
    lpad(cast(unix_micros({{ received_at }}) as string), 16, '0'), '|', cast(left(_delivery, 12) as string), '|',
    lpad(cast({{ line }} as string), 9, '0')
{%- endmacro %}
