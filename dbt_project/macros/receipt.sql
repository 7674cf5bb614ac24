{#- The parts of received|delivery|line. The start of a delivery's identity tells it from others received at the same
    moment; the whole of it, in a claim of every column of every object, would be most of what base works with. (The cast:
    of `left` alone Sail 0.7 makes another kind of text, which then does not fit into the table's maps.) -#}
{% macro receipt(received_at, line) -%}
    lpad(cast(unix_micros({{ received_at }}) as string), 16, '0'), '|', cast(left(_delivery, 12) as string), '|', {{ line }}
{%- endmacro %}
