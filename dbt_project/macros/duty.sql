{#- The rules of duty that fit each `situation` (item, problem, industry, county, city, field; empty texts where there is none),
    with how narrow each is. Each situation is compared with the rules once, however many rows it has. -#}
{% macro fitting_duties(duty) -%}
    select
        situation.*,
        rule.rule_no,
        rule.duty_department,
        rule.duty_from,
        rule.duty_until,
        case
            when rule.duty_item is not null then 'item'
            when rule.duty_region is not null then 'region'
            when rule.duty_industry is not null then 'industry'
            when rule.duty_problem is not null then 'problem'
            when rule.duty_field is not null then 'field'
        end as duty_ground,
        coalesce(length(rule.duty_item), 0) as by_item,
        case
            when rule.duty_region is null then 0
            when rule.duty_region = '{{ province() }}' then 1
            when rule.duty_region = situation.county and rule.duty_region <> situation.city then 3
            else 2
        end as by_region,
        coalesce(length(rule.duty_industry), 0) as by_industry,
        case when rule.duty_problem is null then 0 else 1 end as by_problem,
        case when rule.duty_field is null then 0 else 1 end as by_field
    from situation
    join {{ duty }} as rule
        on (rule.duty_item is null or startswith(situation.item, rule.duty_item))
        and (rule.duty_problem is null or rule.duty_problem = situation.problem)
        and (rule.duty_industry is null or startswith(situation.industry, rule.duty_industry))
        and (rule.duty_region is null or rule.duty_region in (situation.county, situation.city, '{{ province() }}'))
        and (rule.duty_field is null or rule.duty_field = situation.field)
{%- endmacro %}

{#- The order in which fitting rules decide: the narrowest first, of two alike the first by number (ours). -#}
{% macro narrowest_first() -%}
    fitting.by_item desc, fitting.by_region desc, fitting.by_industry desc, fitting.by_problem desc, fitting.by_field desc,
    fitting.rule_no
{%- endmacro %}
