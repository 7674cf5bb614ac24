{#- received|delivery|line in fixed width: the order of the text is the order in which departments spoke. -#}
{% macro version() -%}
    concat(lpad(cast(unix_micros(_received_at) as string), 16, '0'), '|', _delivery, '|', lpad(cast(_line as string), 9, '0'))
{%- endmacro %}
