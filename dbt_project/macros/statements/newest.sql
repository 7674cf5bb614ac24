{#- Joins the row by which a key of `standing` is stated: the one of its version, which no two rows share (macro version).
    There is none where the table knows a newer one, or the key was only taken back. -#}
{% macro newest(key) -%}
    left join statement as newest
        on newest._version = standing._version{% for column in key %} and newest.{{ column }} = standing.{{ column }}{% endfor %}
{%- endmacro %}
