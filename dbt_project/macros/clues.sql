{#- CTEs `package`, what was sent together, and `acknowledged`, those of which a receipt names content and number as they were
    sent. -#}
{% macro acknowledged_packages(sent, receipt) -%}
package as (
    select department, package_no, package_sha256, count(*) as clues
    from {{ sent }}
    group by department, package_no, package_sha256
),

acknowledged as (
    select package.department, package.package_no, receipt.acknowledged_date
    from package
    join {{ receipt }} as receipt
        on receipt.department = package.department
        and receipt.package_no = package.package_no
        and lower(receipt.package_sha256) = package.package_sha256
        and receipt.clues_received = package.clues
)
{%- endmacro %}

{#- Whether something was done by its deadline; null where no clock runs. -#}
{% macro clock_state(done, deadline, as_of) -%}
    case
        when {{ deadline }} is null then null
        when {{ done }} <= {{ deadline }} then 'on_time'
        when {{ done }} is not null then 'late'
        when {{ as_of }} > {{ deadline }} then 'overdue'
        else 'pending'
    end
{%- endmacro %}
