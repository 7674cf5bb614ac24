{#- Rows whose key is empty or shared; of a table that lies by days, on the days that were written. -#}
{% test key_holds(model, columns, table=none, partition=none) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where true {{ on_days(table, partition) }}
    group by {{ columns | join(', ') }}
    having count(*) > 1{% for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}
