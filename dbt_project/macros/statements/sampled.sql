{#- Samples (table sampling_result) that a department took of some kinds of products (codes/sampling_kind.csv), one row a sample:
    it failed where one of its items did. What was not tested, or whose conclusion is none (4, 9), says nothing. -#}
{% macro sampled(table, department, kinds) -%}
    (
        select
            sampling_no,
            max(department) as department,
            max(product_name) as product_name,
            max(batch_no) as batch_no,
            max(food_class) as food_class,
            max(producer_name) as producer_name,
            max(producer_uscc) as producer_uscc,
            max(sampled_unit) as sampled_unit,
            max(object_id) as sampled_object,
            max(sampling_link) as sampling_link,
            max(region_code) as region_code,
            max(city_code) as city_code,
            max(sampling_date) as sampling_date,
            coalesce(max(bulletin_date), max(sampling_date)) as result_date,
            max(handled_date) as handled_date,
            concat_ws('、', sort_array(collect_set(case when conclusion = '2' then test_item end))) as failed_items,
            max(case when conclusion = '2' then 1 else 0 end) = 1 as is_failed
        from {{ standing(table) }}
        where department = '{{ department }}' and sampling_kind in ('{{ kinds | join("', '") }}') and conclusion in ('1', '2', '3')
        group by sampling_no
    )
{%- endmacro %}
