{#- The rows that a roll-up sums up: those that stand, of the days that the run's deliveries speak of. -#}
{% macro rolled_up(table, partition) -%}
    (select * from {{ ref(table) }} where withdrawn_at is null {% if is_incremental() %}{{ on_days(table, partition) }}{% endif %})
{%- endmacro %}
